#include "tests/crash/load.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace spinel::test {

namespace {

/// Raises `known` to `version` if it is lower.
void raise(std::atomic<std::int64_t>& known, std::int64_t version) {
  std::int64_t before = known.load();
  while (before < version && !known.compare_exchange_weak(before, version)) {
  }
}

std::size_t below(std::mt19937_64& random, std::size_t bound) {
  return random() % bound;
}

}  // namespace

Load::Load(Size size, std::uint64_t seed, ServerProcess& server) : size_(size), random_(seed) {
  const bool has_multi = !server.client().run("COMMAND", "INFO", "MULTI").elements.at(0).is_null();
  for (int i = 0; i < size.writers; ++i) {
    Writer& writer = writers_.emplace_back();
    writer.random.seed(random_());
    for (const VersionedKind& kind : versioned_kinds()) {
      if (kind.needs_multi && !has_multi) continue;
      writer.keys.push_back(
          &keys_.emplace_back(kind, std::string(kind.name) + ":" + std::to_string(i)));
    }
  }
}

Load::~Load() {
  stop();
}

void Load::start(ServerProcess& server) {
  stopping_ = false;
  writes_ = 0;
  for (KeyRecord& record : keys_) {
    record.at_start = record.acked;
    record.history.clear();
  }
  for (Writer& writer : writers_) {
    writer.sent.clear();
    threads_.emplace_back([this, &writer, connection = server.raw()]() mutable {
      write(std::move(connection), writer);
    });
  }
  for (int i = 0; i < size_.readers; ++i) {
    threads_.emplace_back([this, seed = random_(), connection = server.raw()]() mutable {
      read(std::move(connection), seed);
    });
  }
}

void Load::stop() {
  stopping_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  for (const std::string& text : complaints_) ADD_FAILURE() << text;
  complaints_.clear();
}

bool Load::await_writes(std::int64_t writes, ServerProcess& server) {
  wait_until([&] { return writes_ >= writes || !server.running(); });
  EXPECT_GE(writes_, writes) << "the load stands still";
  return server.running();
}

void Load::write(RawConnection connection, Writer& writer) {
  while (!stopping_ && write_batch(connection, writer)) {
  }
}

bool Load::write_batch(RawConnection& connection, Writer& writer) {
  const std::size_t first = writer.sent.size();
  std::string requests;
  std::vector<std::size_t> replies;  // of each write
  for (std::size_t left = 1 + below(writer.random, size_.depth); left > 0; --left) {
    KeyRecord& record = *writer.keys[below(writer.random, writer.keys.size())];
    const std::int64_t version = ++record.sent;
    writer.sent.push_back({&record, version});
    const std::vector<Command> commands = record.kind.write(record.key, version);
    for (const Command& command : commands) requests += encode_command(command);
    replies.push_back(commands.size());
  }
  if (!connection.send(requests)) return false;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const auto [record, version] = writer.sent[first + i];
    for (std::size_t k = 0; k < replies[i]; ++k) {
      const Reply reply = connection.read_reply();
      if (reply.type == Reply::Type::kTimeout) complain(record->key + ": no reply to a write");
      if (!reply.is_reply()) return false;
      if (reply.is_error()) {
        complain(record->key + ": a write was answered with " + reply.to_string());
        return false;
      }
    }
    acknowledge(*record, version);
  }
  return true;
}

void Load::acknowledge(KeyRecord& record, std::int64_t version) {
  {
    const std::lock_guard lock(mutex_);
    record.history.emplace_back(Clock::now(), version);
  }
  raise(record.acked, version);
  ++writes_;
}

void Load::read(RawConnection connection, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  while (!stopping_) {
    KeyRecord& record = keys_[below(random, keys_.size())];
    const std::int64_t floor = std::max(record.acked.load(), record.seen.load());
    const Reply reply = connection.command(record.kind.peek(record.key));
    if (reply.type == Reply::Type::kTimeout) complain(record.key + ": no reply to a read");
    if (!reply.is_reply()) return;
    const std::int64_t version = record.kind.version(reply);
    if (version < floor || version > record.sent) {
      complain(record.key + ": a reader got " + reply.to_string() + ", where version " +
               std::to_string(floor) + " was known before");
      return;
    }
    raise(record.seen, version);
    const std::lock_guard lock(mutex_);
    record.history.emplace_back(Clock::now(), version);
  }
}

void Load::complain(const std::string& text) {
  const std::lock_guard lock(mutex_);
  complaints_.push_back(text);
}

Versions Load::known() const {
  Versions versions;
  versions.reserve(keys_.size());
  for (const KeyRecord& record : keys_) {
    versions.push_back(std::max(record.acked.load(), record.seen.load()));
  }
  return versions;
}

Versions Load::known_at(Clock::time_point moment) const {
  Versions versions;
  versions.reserve(keys_.size());
  for (const KeyRecord& record : keys_) {
    std::int64_t version = record.at_start;
    for (const auto& [time, known] : record.history) {
      if (time <= moment) version = std::max(version, known);
    }
    versions.push_back(version);
  }
  return versions;
}

void Load::check(ServerProcess& server, const Versions& required) {
  RawConnection connection = server.raw();
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    KeyRecord& record = keys_[i];
    const Reply peeked = connection.command(record.kind.peek(record.key));
    const std::int64_t version = record.kind.version(peeked);
    EXPECT_GE(version, required[i]) << record.key << " lost writes that a client knew of, acked "
                                    << record.acked << ", seen " << record.seen;
    EXPECT_LE(version, record.sent) << record.key << " has writes that nobody sent";
    if (version > 0) {
      const std::vector<Reply> replies = connection.pipeline(record.kind.read(record.key));
      EXPECT_TRUE(record.kind.is_whole(version, replies))
          << record.key << " at version " << version << ": " << array(replies);
    }
    record.acked = version;
  }
  check_order();
  for (KeyRecord& record : keys_) {
    record.sent = record.acked.load();
    record.seen = record.acked.load();
  }
}

void Load::check_order() {
  for (const Writer& writer : writers_) {
    const Write* lost = nullptr;
    for (const Write& write : writer.sent) {
      const bool survived = write.version <= write.record->acked;
      if (!survived && lost == nullptr) lost = &write;
      if (!survived || lost == nullptr) continue;
      ADD_FAILURE() << "version " << write.version << " of " << write.record->key
                    << " survived, but not version " << lost->version << " of " << lost->record->key
                    << ", which the same client sent before";
      break;
    }
  }
}

}  // namespace spinel::test
