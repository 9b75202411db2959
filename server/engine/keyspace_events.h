// Keyspace events: "the key changed in this way", for whoever subscribed to it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace spinel::server {

// Receives the events that `notify-keyspace-events` lets through. Implemented by pub/sub.
class KeyspaceEventSink {
 public:
  virtual ~KeyspaceEventSink() = default;
  virtual void on_keyspace_event(int database, std::string_view event, std::string_view key) = 0;
};

// The single call through which every event goes.
class KeyspaceEvents {
 public:
  void add_sink(KeyspaceEventSink& sink) { sinks_.push_back(&sink); }
  void remove_sink(KeyspaceEventSink& sink) { std::erase(sinks_, &sink); }

  // `event_class` is one of the kNotify... bits of server/config/notify_flags.h, `enabled` what the
  // configuration lets through.
  void notify(uint32_t enabled, uint32_t event_class, int database, std::string_view event,
              std::string_view key) const {
    if ((enabled & event_class) == 0) return;
    for (KeyspaceEventSink* sink : sinks_) sink->on_keyspace_event(database, event, key);
  }

 private:
  std::vector<KeyspaceEventSink*> sinks_;
};

}  // namespace spinel::server
