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
    : config(with_all_events(std::move(config_in))), server(config), client(*this) {
  server.effects.add_sink(*this);
  server.events.add_sink(*this);
}

TestServer::~TestServer() {
  server.effects.remove_sink(*this);
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
  return std::exchange(effects_, {});
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

void TestServer::on_effects(std::span<const Effect> effects) {
  if (effects.size() > 1) effects_.emplace_back("MULTI");
  for (const Effect& effect : effects) {
    std::string line = in_database(effect.database);
    for (size_t i = 0; i < effect.args.size(); ++i) {
      if (i > 0) line += ' ';
      line += effect.args[i];
    }
    effects_.push_back(std::move(line));
  }
  if (effects.size() > 1) effects_.emplace_back("EXEC");
}

void TestServer::on_keyspace_event(int database, std::string_view event, std::string_view key) {
  events_.push_back(in_database(database) + std::string(event) + " " + std::string(key));
}

}  // namespace spinel::server
