// The texts that are made of the option table: what CONFIG REWRITE writes, and the sample.
#pragma once

#include <string>
#include <string_view>

#include "server/config/config.h"

namespace spinel::server {

// The text of `old_file` with the values of `config`: comments, order, includes and lines that
// still hold stay; other options that differ from their defaults follow at the end.
std::string rewritten_config(const Config& config, std::string_view old_file);

// redis.conf.sample: all options with their defaults, in sections, explained.
std::string sample_config();

}  // namespace spinel::server
