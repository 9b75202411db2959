#include "tests/support/server_test.h"

#include <sstream>

namespace spinel::test {

namespace {

std::unique_ptr<ServerProcess>& shared_server() {
  static std::unique_ptr<ServerProcess> server;
  return server;
}

/// Ends the shared server while a failure of its exit still counts.
class SharedServerEnd : public testing::Environment {
 public:
  void TearDown() override { shared_server().reset(); }
};

[[maybe_unused]] const testing::Environment* const kSharedServerEnd =
    testing::AddGlobalTestEnvironment(new SharedServerEnd);

}  // namespace

void ServerTest::SetUp() {
  std::unique_ptr<ServerProcess>& server = shared_server();
  if (server == nullptr || !server->running()) server = std::make_unique<ServerProcess>();
  server_ = server.get();
  ASSERT_TRUE(server_->running());
  ASSERT_EQ(run("FLUSHALL"), ok()) << client().last_error();
}

void ServerTest::TearDown() {
  reconnect();
  if (HasFailure()) shared_server().reset();
}

void ServerTest::reconnect() {
  client_.reset();
  resp3_.reset();
}

Client& ServerTest::client() {
  if (client_ == nullptr) client_ = std::make_unique<Client>(server().client());
  return *client_;
}

RawConnection& ServerTest::resp3() {
  if (resp3_ == nullptr) resp3_ = std::make_unique<RawConnection>(server().resp3());
  return *resp3_;
}

Reply ServerTest::line(const std::string& text) {
  return client().command(words(text));
}

void ServerTest::expect_session(const std::vector<std::pair<std::string, Reply>>& steps) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    EXPECT_EQ(line(steps[i].first), steps[i].second) << "step " << i << ": " << steps[i].first;
  }
}

std::string ServerTest::info(const std::string& field) {
  return info_field(run("INFO", "everything").text, field);
}

long long ServerTest::info_number(const std::string& field) {
  const std::string value = info(field);
  return value.empty() ? -1 : std::stoll(value);
}

std::string ServerTest::config(const std::string& option) {
  return run("CONFIG", "GET", option).at(option).text;
}

bool ServerTest::against_redis_7_0() {
  return is_redis_7_0(server());
}

bool ServerTest::has_command(const std::string& name) {
  const Reply reply = run("COMMAND", "INFO", name);
  return reply.elements.size() == 1 && !reply.elements.front().is_null();
}

ServerProcess& OwnServerTest::start(ServerOptions options) {
  own_ = std::make_unique<ServerProcess>(std::move(options));
  server_ = own_.get();
  return *own_;
}

ServerProcess& OwnServerTest::start_with(std::vector<std::string> arguments) {
  ServerOptions options;
  options.arguments = std::move(arguments);
  return start(std::move(options));
}

void OwnServerTest::TearDown() {
  ServerTest::TearDown();
  own_.reset();
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, separator);) out.push_back(word);
  return out;
}

std::vector<std::string> words(const std::string& line) {
  std::vector<std::string> out;
  bool open = false;    // a word has begun
  bool quoted = false;  // and we are between its double quotes
  for (const char c : line) {
    if (c == ' ' && !quoted) {
      open = false;
      continue;
    }
    if (!open) out.emplace_back();
    open = true;
    if (c == '"') {
      quoted = !quoted;
    } else {
      out.back() += c;
    }
  }
  return out;
}

std::string info_field(const std::string& text, const std::string& field) {
  for (std::string row : split(text, '\n')) {
    if (row.ends_with('\r')) row.pop_back();
    if (row.starts_with(field + ":")) return row.substr(field.size() + 1);
  }
  return {};
}

}  // namespace spinel::test
