#include "server/command/known_names.h"

#include <gtest/gtest.h>

#include "server/command/families.h"
#include "server/command/table.h"

namespace spinel::server {
namespace {

TEST(KnownNames, NoCommandThatIsHereIsStillToCome) {
  const CommandTable table(all_command_families());
  for (const std::string_view name : commands_to_come()) {
    EXPECT_EQ(table.find(name), nullptr)
        << name << " is here: take it out of the list in server/command/known_names.cc";
  }
}

}  // namespace
}  // namespace spinel::server
