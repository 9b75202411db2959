// Texts generated from the option table: the output of CONFIG REWRITE, and the sample.
#pragma once

#include <string>
#include <string_view>

#include "server/config/config.h"

namespace spinel::server {

// Returns the text of `old_file` with the values of `config`. Keeps comments, order, includes and
// lines that still hold. Appends other options that differ from their defaults.
std::string rewritten_config(const Config& config, std::string_view old_file);

// Returns redis.conf.sample: all options in sections, with defaults and explanations.
std::string sample_config();

}  // namespace spinel::server
