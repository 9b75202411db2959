// Rows of the option table: encodings, timers, events and statistics.
#include "server/config/options.h"

namespace spinel::server {
namespace {

std::vector<Option> encodings() {
  return {
      {.name = "hash-max-listpack-entries",
       .alias = "hash-max-ziplist-entries",
       .value = integer(&Config::hash_max_listpack_entries),
       .comment = "Fields of a hash that are stored in one compact block. Beyond such limits a "
                  "value gets\n"
                  "a structure that is fast at any size and takes more memory.\n"},
      {.name = "hash-max-listpack-value",
       .alias = "hash-max-ziplist-value",
       .value = memory(&Config::hash_max_listpack_value_bytes),
       .comment = "Longest field or value in a compact hash, in bytes.\n"},
      {.name = "list-max-listpack-size",
       .alias = "list-max-ziplist-size",
       .value = integer(&Config::list_max_listpack_size, INT32_MIN),
       .comment =
           "Size of one node of a list: elements, or from -1 to -5 as 4, 8, 16, 32 or 64 kb.\n"},
      {.name = "list-compress-depth",
       .value = integer(&Config::list_compress_depth),
       .comment = "Nodes at either end of a list that stay uncompressed. 0: all of them.\n"},
      {.name = "set-max-intset-entries",
       .value = integer(&Config::set_max_intset_entries),
       .comment = "Members of a set of integers that are stored as a sorted array.\n"},
      {.name = "set-max-listpack-entries",
       .value = integer(&Config::set_max_listpack_entries),
       .comment = "Members of a compact set.\n"},
      {.name = "set-max-listpack-value",
       .value = memory(&Config::set_max_listpack_value_bytes),
       .comment = "Longest member of a compact set, in bytes.\n"},
      {.name = "zset-max-listpack-entries",
       .alias = "zset-max-ziplist-entries",
       .value = integer(&Config::zset_max_listpack_entries),
       .comment = "Members of a compact sorted set.\n"},
      {.name = "zset-max-listpack-value",
       .alias = "zset-max-ziplist-value",
       .value = memory(&Config::zset_max_listpack_value_bytes),
       .comment = "Longest member of a compact sorted set, in bytes.\n"},
      {.name = "hll-sparse-max-bytes",
       .value = memory(&Config::hll_sparse_max_bytes),
       .comment = "Size up to which a HyperLogLog stays sparse.\n"},
      {.name = "bitmap-compression",
       .value = yes_no(&Config::bitmap_compression),
       .comment =
           "Store bitmaps of SETBIT, BITFIELD and BITOP that are mostly zeroes as the positions "
           "of\n"
           "their ones, so that ids may be far apart. Clients see the same bytes. With no, new\n"
           "bitmaps are flat; compressed ones stay so until they are stored anew.\n"},
      {.name = "stream-node-max-bytes",
       .value = memory(&Config::stream_node_max_bytes),
       .support = Support::kIgnored,
       .reason = "streams are not available yet",
       .comment = "Size of one node of a stream.\n"},
      {.name = "stream-node-max-entries",
       .value = integer(&Config::stream_node_max_entries),
       .support = Support::kIgnored,
       .reason = "streams are not available yet",
       .comment = "Entries in one node of a stream. 0: no limit.\n"},
  };
}

std::vector<Option> timers() {
  return {
      {.name = "hz",
       .value = clamped_integer(&Config::hz, 0, INT32_MAX, 1, 500),
       .comment = "Rounds of background work a second, 1 to 500.\n"},
      {.name = "dynamic-hz",
       .value = yes_no(&Config::dynamic_hz),
       .comment = "Do more rounds when many clients are connected.\n"},
      {.name = "busy-reply-threshold",
       .alias = "lua-time-limit",
       .value = integer(&Config::busy_reply_threshold_ms),
       .support = Support::kIgnored,
       .reason = "scripts are not available yet",
       .comment = "Milliseconds that a script may run before other clients get BUSY.\n"},
      {.name = "notify-keyspace-events",
       .value = notify_events_value(),
       .comment =
           "Events published about keys: K or E (or both) for the channel, and which: g generic,\n"
           "$ string, l list, s set, h hash, z sorted set, t stream, x expired, e evicted,\n"
           "d module, A all of these, n new key, m miss.\n"},
  };
}

std::vector<Option> threads() {
  return {
      {.name = "io-threads",
       .value = integer(&Config::io_threads, 1, 128),
       .flags = kImmutable,
       .support = Support::kIgnored,
       .comment = "Threads that read and write sockets.\n"},
      {.name = "io-threads-do-reads",
       .value = yes_no(&Config::io_threads_do_reads),
       .flags = kImmutable,
       .support = Support::kIgnored,
       .comment = "Whether these threads read as well as write.\n"},
  };
}

std::vector<Option> observation() {
  return {
      {.name = "slowlog-log-slower-than",
       .value = integer(&Config::slowlog_log_slower_than_us, -1),
       .comment =
           "Microseconds from which a command goes to the slow log. 0: every one, -1: none.\n"},
      {.name = "slowlog-max-len",
       .value = integer(&Config::slowlog_max_len),
       .comment = "Entries that the slow log keeps.\n"},
      {.name = "latency-monitor-threshold",
       .value = integer(&Config::latency_monitor_threshold_ms),
       .comment = "Milliseconds from which LATENCY records an event. 0: off.\n"},
      {.name = "latency-tracking",
       .value = yes_no(&Config::latency_tracking),
       .comment = "Keep a histogram of the time that each command takes.\n"},
      {.name = "latency-tracking-info-percentiles",
       .value = percentiles_value(),
       .comment = "Percentiles of these times in INFO latencystats.\n"},
  };
}

}  // namespace

std::vector<OptionSection> data_options() {
  return {{"Encodings", encodings()},
          {"Timers and events", timers()},
          {"Threads", with_reason("one thread reads, executes and writes", threads())},
          {"Observation", observation()}};
}

}  // namespace spinel::server
