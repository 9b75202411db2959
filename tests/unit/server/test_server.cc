#include "tests/unit/server/test_server.h"

#include <utility>

#include "storage/base/assert.h"

namespace spinel::server {

namespace {

std::string in_database(int database) {
  return database == 0 ? "" : std::to_string(database) + ": ";
}

Config with_all_events(Config config) {
  config.notify_keyspace_events =
      kNotifyAll | kNotifyKeyspace | kNotifyKeyevent | kNotifyKeyMiss | kNotifyNew;
  return config;
}

}  // namespace

std::string request(CommandArgs args) {
  std::string bytes = "*" + std::to_string(args.size()) + "\r\n";
  for (const std::string_view arg : args) bytes += bulk(arg);
  return bytes;
}

TestClient::TestClient(TestServer& server) : server_(server), client_(server.server, *this) {
  client_.address = client_.local_address = "test:0";
  client_.loopback = true;
  server_.clients_.push_back(this);
}

TestClient::~TestClient() {
  std::erase(server_.clients_, this);
}

std::string TestClient::run_args(CommandArgs args) {
  return send(request(args));
}

std::string TestClient::send(std::string_view bytes) {
  input_ += bytes;
  process();
  server_.resume_clients();
  return take_output();
}

std::string TestClient::take_output() {
  std::string output(client_.output.view());
  client_.output.consume(output.size());
  return output;
}

void TestClient::process() {
  // As the network does: what is left unread is passed again, from its first byte.
  input_.erase(0, server_.server.dispatcher.process(client_, input_, parser_));
}

TestServer::TestServer(Config config_in)
    : config(with_all_events(std::move(config_in))),
      server(config),
      effects_(server.effects.reader()),
      client(*this) {
  config.save.clear();  // FLUSHALL would write a file

  server.events.add_sink(*this);
}

TestServer::~TestServer() {
  server.events.remove_sink(*this);
}

void TestServer::resume_clients() {
  for (bool again = true; again;) {
    again = false;
    for (size_t i = 0; i < clients_.size(); ++i) {
      if (!std::exchange(clients_[i]->resume_, false)) continue;
      clients_[i]->process();
      again = true;
    }
  }
}

std::vector<std::string> TestServer::take_effects() {
  std::string bytes;
  while (effects_.available() > 0) bytes += effects_.take().bytes();
  std::vector<std::string> effects;
  resp::RequestParser parser;
  for (std::string_view left = bytes; !left.empty();) {
    std::vector<std::string_view> args;
    size_t consumed = 0;
    SPINEL_ASSERT(parser.parse(left, {}, args, consumed) == resp::RequestParser::Status::kRequest);
    left.remove_prefix(consumed);
    if (args[0] == "SELECT") {
      effects_database_ = std::stoi(std::string(args[1]));
      continue;
    }
    const bool of_unit = args[0] == "MULTI" || args[0] == "EXEC";
    std::string line = of_unit ? "" : in_database(effects_database_);
    for (size_t i = 0; i < args.size(); ++i) {
      if (i > 0) line += ' ';
      line += args[i];
    }
    effects.push_back(std::move(line));
  }
  return effects;
}

std::vector<std::string> TestServer::take_events() {
  return std::exchange(events_, {});
}

storage::Entry& TestServer::entry(std::string_view key, int database) {
  const storage::Item item = server.keyspace.database(database).find(storage::Key(key));
  SPINEL_ASSERT(item);
  return *item;
}

void TestServer::expire_now(std::string_view key, int database) {
  storage::Item item = server.keyspace.database(database).find(storage::Key(key));
  SPINEL_ASSERT(item);
  server.keyspace.database(database).set_expiry(item, 1);
}

void TestServer::on_keyspace_event(int database, std::string_view event, std::string_view key) {
  events_.push_back(in_database(database) + std::string(event) + " " + std::string(key));
}

}  // namespace spinel::server
