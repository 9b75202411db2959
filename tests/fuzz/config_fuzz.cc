// Any bytes are a configuration file that loads or is refused; what loaded can be printed and
// written back, and says the same when it is read again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/config_store.h"
#include "server/config/load.h"
#include "server/config/rewrite.h"
#include "storage/base/assert.h"

namespace {

using spinel::server::Config;

bool load(Config& config, std::string_view text) {
  return !spinel::server::load_config(config, {.options = std::string(text)},
                                      spinel::server::FileAccess::kDenied);
}

std::vector<std::pair<std::string, std::string>> print(Config& config) {
  const std::string_view everything = "*";
  return spinel::server::ConfigStore(config).get({&everything, 1});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Config config;
  if (!load(config, text)) return 0;
  Config again;
  SPINEL_ASSERT(load(again, spinel::server::rewritten_config(config, text)));
  SPINEL_ASSERT(print(again) == print(config));
  return 0;
}
