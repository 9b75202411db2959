#include "server/engine/table.h"

#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

#include "server/engine/families.h"

namespace spinel::server {
namespace {

void handler(CommandContext&) {}

constexpr CommandRow row(std::string_view name, int arity, std::string_view keys = {},
                         std::string_view flags = {}, std::string_view acl = {}) {
  return {.name = name,
          .handler = handler,
          .arity = arity,
          .group = "generic",
          .since = "1.0.0",
          .flags = flags,
          .acl = acl,
          .keys = keys,
          .summary = "Does something."};
}

const CommandRow kRows[] = {
    row("GET", 2, "RO+ACCESS@index:1/range:0,1,0", "READONLY,FAST", "STRING"),
    row("RENAME", 3, "RW+DELETE@index:1/range:0,1,0 ; OW+UPDATE@index:2/range:0,1,0", "WRITE"),
    row("BITOP", -4, "OW+UPDATE@index:2/range:0,1,0 ; RO+ACCESS@index:3/range:-1,1,0", "WRITE"),
    row("MSET", -3, "OW@index:1/range:-1,2,0", "WRITE"),
    row("ZUNIONSTORE", -4, "OW@index:1/range:0,1,0 ; RO@index:2/keynum:0,1,1", "WRITE"),
    row("EVAL", -3, "RW@index:2/keynum:0,1,1", "NO_MANDATORY_KEYS", "SCRIPTING"),
    row("XREAD", -4, "RO@keyword:STREAMS@1/range:-1,1,2", "READONLY,BLOCKING"),
    row("SPUBLISH", 3, "NOT_KEY@index:1/range:0,1,0", "PUBSUB"),
    row("ODD", -3, "RO@index:1/range:0,1,0 ; RO@index:3/range:0,1,0"),
    row("SORT", -2, "RO@index:1/range:0,1,0 ; OW@unknown/unknown"),
    row("PING", -1),
    row("CONFIG", -2),
    row("CONFIG GET", -3, {}, "ADMIN,NOSCRIPT"),
    row("CONFIG SET", -4, {}, "ADMIN"),
    row("OBJECT", -2),
    row("OBJECT ENCODING", 3, "RO@index:2/range:0,1,0"),
};

class CommandTableTest : public testing::Test {
 protected:
  const Command& get(std::string_view full_name) {
    const Command* command = table_.find_full(full_name);
    EXPECT_NE(command, nullptr) << full_name;
    return *command;
  }

  // The keys of a command line as "a b", "invalid" if it is.
  std::string keys(std::vector<std::string_view> args, KeyScope scope = KeyScope::kKeys) {
    const Command* command = table_.resolve(args);
    std::vector<KeyRef> found = {{99, KeyFlags::kNone}};
    if (!extract_keys(*command, args, found, scope)) return "invalid";
    std::string result;
    for (const KeyRef& key : found) {
      result.append(result.empty() ? "" : " ").append(args.at(key.index));
    }
    return result;
  }

  std::string legacy(std::string_view name) {
    const Command& command = get(name);
    return std::to_string(command.first_key) + "," + std::to_string(command.last_key) + "," +
           std::to_string(command.key_step) +
           (command.has(CommandFlags::kMovableKeys) ? " movable" : "");
  }

  std::vector<CommandFamily> families_ = {CommandFamily(kRows)};
  CommandTable table_{families_};
};

TEST_F(CommandTableTest, FindsCommandsAndSubcommands) {
  EXPECT_EQ(table_.find("get")->name, "get");
  EXPECT_EQ(table_.find("config|get"), nullptr);
  EXPECT_EQ(table_.find("config get"), nullptr);
  EXPECT_EQ(table_.find_full("CONFIG|Get")->name, "config|get");
  EXPECT_EQ(table_.find_full("config|"), nullptr);
  EXPECT_EQ(table_.find_full("get|x"), nullptr);
  EXPECT_EQ(table_.find_full("|get"), nullptr);
  EXPECT_EQ(table_.find(*table_.find("config"), "GET")->name, "config|get");
  EXPECT_EQ(table_.find(*table_.find("config"), "x"), nullptr);
  EXPECT_EQ(table_.find(*table_.find("get"), "x"), nullptr);
}

TEST_F(CommandTableTest, ResolvesWhatAClientSends) {
  const auto resolve = [this](std::vector<std::string_view> args) -> std::string {
    const Command* command = table_.resolve(args);
    return command ? command->name : "none";
  };
  EXPECT_EQ(resolve({"Get", "x"}), "get");
  EXPECT_EQ(resolve({"config", "GET", "x"}), "config|get");
  EXPECT_EQ(resolve({"config"}), "config");
  EXPECT_EQ(resolve({"config", "nothing"}), "none");
  EXPECT_EQ(resolve({"nothing"}), "none");
  EXPECT_EQ(resolve({""}), "none");
}

TEST_F(CommandTableTest, SubcommandsKnowTheirContainer) {
  const Command& config = get("config");
  ASSERT_EQ(config.subcommands.size(), 2u);
  EXPECT_EQ(config.subcommands[0]->name, "config|get");
  EXPECT_EQ(config.subcommands[0]->parent, &config);
  EXPECT_EQ(config.subcommands[0]->own_name(), "get");
  EXPECT_EQ(config.own_name(), "config");
  EXPECT_EQ(config.parent, nullptr);
}

TEST_F(CommandTableTest, IdsAreDense) {
  EXPECT_EQ(table_.id_count(), std::size(kRows));
  EXPECT_EQ(table_.size(), std::size(kRows) - 3);
  EXPECT_EQ(table_.commands().size(), table_.size());
  for (uint32_t id = 0; id < table_.id_count(); ++id) {
    EXPECT_EQ(table_.by_id(id).id, id);
    EXPECT_EQ(table_.by_id(id).row, &kRows[id]);
  }
}

TEST_F(CommandTableTest, Arity) {
  EXPECT_TRUE(get("get").arity_fits(2));
  EXPECT_FALSE(get("get").arity_fits(1));
  EXPECT_FALSE(get("get").arity_fits(3));
  EXPECT_FALSE(get("bitop").arity_fits(3));
  EXPECT_TRUE(get("bitop").arity_fits(4));
  EXPECT_TRUE(get("bitop").arity_fits(1000000));
}

TEST_F(CommandTableTest, LegacyTriple) {
  EXPECT_EQ(legacy("get"), "1,1,1");
  EXPECT_EQ(legacy("rename"), "1,2,1");
  EXPECT_EQ(legacy("bitop"), "2,-1,1");
  EXPECT_EQ(legacy("mset"), "1,-1,2");
  EXPECT_EQ(legacy("zunionstore"), "1,1,1 movable");
  EXPECT_EQ(legacy("eval"), "0,0,0 movable");
  EXPECT_EQ(legacy("xread"), "0,0,0 movable");
  EXPECT_EQ(legacy("spublish"), "1,1,1");
  EXPECT_EQ(legacy("odd"), "1,1,1 movable");
  EXPECT_EQ(legacy("sort"), "1,1,1 movable");
  EXPECT_EQ(legacy("ping"), "0,0,0");
  EXPECT_EQ(legacy("object|encoding"), "2,2,1");
}

TEST_F(CommandTableTest, ExtractsKeys) {
  EXPECT_EQ(keys({"get", "a"}), "a");
  EXPECT_EQ(keys({"rename", "a", "b"}), "a b");
  EXPECT_EQ(keys({"bitop", "and", "d", "a", "b"}), "d a b");
  EXPECT_EQ(keys({"mset", "a", "1", "b", "2"}), "a b");
  EXPECT_EQ(keys({"zunionstore", "d", "2", "a", "b", "weights", "1", "2"}), "d a b");
  EXPECT_EQ(keys({"zunionstore", "d", "2", "a"}), "invalid");
  EXPECT_EQ(keys({"xread", "streams", "a", "0"}), "a");
  EXPECT_EQ(keys({"xread", "x", "a", "0"}), "invalid");
  EXPECT_EQ(keys({"sort", "a", "store", "b"}), "a");
  EXPECT_EQ(keys({"object", "encoding", "a"}), "a");
  EXPECT_EQ(keys({"ping"}), "invalid");
}

TEST_F(CommandTableTest, KeysMayBeOptional) {
  EXPECT_EQ(keys({"eval", "script", "1", "a", "b"}), "a");
  EXPECT_EQ(keys({"eval", "script", "0"}), "");
  EXPECT_EQ(keys({"eval", "script", "2", "a"}), "");
  EXPECT_EQ(keys({"eval", "script", "x"}), "");
}

TEST_F(CommandTableTest, KeepsTheKeysFoundBeforeTheArgumentsStoppedMakingSense) {
  const std::vector<std::string_view> args = {"zunionstore", "d", "9", "a"};
  std::vector<KeyRef> found;
  EXPECT_FALSE(extract_keys(get("zunionstore"), args, found));
  EXPECT_EQ(found, (std::vector<KeyRef>{{1, KeyFlags::kOverwrite}}));
}

TEST_F(CommandTableTest, ChannelsAreKeysForRoutingOnly) {
  EXPECT_FALSE(takes_keys(get("spublish")));
  EXPECT_TRUE(takes_keys(get("spublish"), KeyScope::kKeysAndChannels));
  EXPECT_EQ(keys({"spublish", "channel", "x"}), "invalid");
  EXPECT_EQ(keys({"spublish", "channel", "x"}, KeyScope::kKeysAndChannels), "channel");
  EXPECT_TRUE(takes_keys(get("get")));
  EXPECT_FALSE(takes_keys(get("ping"), KeyScope::kKeysAndChannels));
}

TEST_F(CommandTableTest, FirstKey) {
  const auto first = [this](std::vector<std::string_view> args) {
    return first_key_index(*table_.resolve(args), args);
  };
  EXPECT_EQ(first({"get", "a"}), 1u);
  EXPECT_EQ(first({"get"}), 0u);
  EXPECT_EQ(first({"bitop", "and", "d", "a"}), 2u);
  EXPECT_EQ(first({"eval", "script", "1", "a"}), 3u);
  EXPECT_EQ(first({"eval", "script", "0"}), 0u);
  EXPECT_EQ(first({"xread", "streams", "a", "0"}), 0u);
  EXPECT_EQ(first({"ping"}), 0u);
}

TEST_F(CommandTableTest, AclCategoriesFollowFromFlags) {
  using enum AclCategories;
  EXPECT_EQ(get("get").acl, kString | kRead | kFast);
  EXPECT_EQ(get("rename").acl, kWrite | kSlow);
  EXPECT_EQ(get("xread").acl, kRead | kBlocking | kSlow);
  EXPECT_EQ(get("spublish").acl, kPubsub | kSlow);
  EXPECT_EQ(get("config|get").acl, kAdmin | kDangerous | kSlow);
  EXPECT_EQ(derive_acl_categories(kScripting, CommandFlags::kReadonly), kScripting | kSlow);
}

TEST_F(CommandTableTest, Rename) {
  using Result = CommandTable::RenameResult;
  EXPECT_EQ(table_.rename("nothing", "x"), Result::kNoSuchCommand);
  EXPECT_EQ(table_.rename("config|get", "x"), Result::kNoSuchCommand);
  EXPECT_EQ(table_.rename("GET", "Fetch_With_A_Long_Name"), Result::kOk);
  EXPECT_EQ(table_.find("get"), nullptr);
  ASSERT_NE(table_.find("fetch_with_a_long_name"), nullptr);
  EXPECT_EQ(table_.find("fetch_with_a_long_name")->name, "get");
  EXPECT_EQ(table_.rename("config", "cfg"), Result::kOk);
  EXPECT_EQ(table_.find_full("cfg|get")->name, "config|get");
  EXPECT_EQ(table_.rename("mset", ""), Result::kOk);
  EXPECT_EQ(table_.find("mset"), nullptr);
  EXPECT_EQ(table_.size(), std::size(kRows) - 4);
  EXPECT_EQ(table_.rename("rename", "PING"), Result::kTargetExists);
}

TEST(CommandRow, TellsWhatIsWrong) {
  const auto error = [](CommandRow bad) {
    Command command;
    return parse_row(bad, command);
  };
  EXPECT_EQ(error(row("GOOD", 1)), "");
  EXPECT_NE(error(row("", 1)), "");
  EXPECT_NE(error(row("lower", 1)), "");
  EXPECT_NE(error(row("A B C", 1)), "");
  EXPECT_NE(error(row(" A", 1)), "");
  EXPECT_NE(error(row("A", 0)), "");
  EXPECT_NE(error(row("A", 1, "nonsense")), "");
  EXPECT_NE(error(row("A", 1, {}, "NOTHING")), "");
  EXPECT_NE(error(row("A", 1, {}, "WRITE,,FAST")), "");
  EXPECT_NE(error(row("A", 1, {}, "MOVABLEKEYS")), "");
  EXPECT_NE(error(row("A", 1, {}, {}, "NOTHING")), "");
  CommandRow bad = row("A", 1);
  bad.syntax = "<";
  EXPECT_NE(error(bad), "");
  bad = row("A", 1);
  bad.history = "2.0";
  EXPECT_NE(error(bad), "");
  bad = row("A", 1);
  bad.doc_flags = "OLD";
  EXPECT_NE(error(bad), "");
  for (std::string_view CommandRow::*column :
       {&CommandRow::group, &CommandRow::since, &CommandRow::summary}) {
    bad = row("A", 1);
    bad.*column = {};
    EXPECT_NE(error(bad), "");
  }
}

using CommandTableDeathTest = testing::Test;

TEST(CommandTableDeathTest, NamesTheRow) {
  const auto build = [](std::vector<CommandRow> rows) {
    const CommandFamily family(rows);
    CommandTable table(std::span(&family, 1));
  };
  CommandRow container = row("BOX", -2);
  container.handler = nullptr;
  EXPECT_DEATH(build({row("A", 1), row("A", 2)}), "'A'.*already");
  EXPECT_DEATH(build({row("A B", 1)}), "'A B'.*no container");
  EXPECT_DEATH(build({container}), "'BOX'.*neither");
  EXPECT_DEATH(build({row("A", 1, "?")}), "'A'.*key specification");
}

TEST(CommandFamilies, EveryRowIsSound) {
  std::set<std::string> names;
  for (const CommandFamily& family : all_command_families()) {
    for (const CommandRow& command_row : family) {
      Command command;
      EXPECT_EQ(parse_row(command_row, command), "") << command_row.name;
      EXPECT_TRUE(names.insert(command.name).second) << command.name;
      EXPECT_TRUE(command_row.summary.ends_with('.')) << command.name;
      EXPECT_FALSE(command.has(CommandFlags::kWrite) && command.has(CommandFlags::kReadonly))
          << command.name;
      EXPECT_EQ(command_row.deprecated_since.empty(),
                command_row.doc_flags.find("DEPRECATED") == std::string_view::npos)
          << command.name;
    }
  }
  const CommandTable table(all_command_families());
  EXPECT_EQ(table.id_count(), names.size());
}

}  // namespace
}  // namespace spinel::server
