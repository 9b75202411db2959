#include "server/engine/known_names.h"

#include <gtest/gtest.h>

#include "server/engine/families.h"
#include "server/engine/table.h"

namespace spinel::server {
namespace {

TEST(KnownNames, NoCommandThatIsHereIsStillToCome) {
  const CommandTable table(all_command_families());
  for (const std::string_view name : commands_to_come()) {
    EXPECT_EQ(table.find(name), nullptr)
        << name << " is here: take it out of the list in server/engine/known_names.cc";
  }
}

}  // namespace
}  // namespace spinel::server
