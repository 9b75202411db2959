// A TCP connection that this node makes to another one, watched by the event loop.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace spinel::server::net {

class EventLoop;

// Connects without holding up the loop, resolving names on another thread. The owner then reads and
// writes as it likes; nothing here blocks.
class OutgoingLink {
 public:
  // Is told within a turn of the loop. It may close the link or connect it anew.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_connected() = 0;
    virtual void on_connect_failed(const std::string& why) = 0;
    // There is something to read, or the end. To hear of more, `watch` again.
    virtual void on_readable() = 0;
  };

  // Both outlive the link.
  OutgoingLink(EventLoop& loop, Owner& owner);
  ~OutgoingLink();
  OutgoingLink(const OutgoingLink&) = delete;
  OutgoingLink& operator=(const OutgoingLink&) = delete;

  // Closes what was there before. `source_address` is where to connect from; empty: anywhere.
  void connect(const std::string& host, int port, const std::string& source_address);
  void close();
  bool connected() const;
  // Has the owner told once when there is something to read.
  void watch();

  // recv(2), not waiting.
  ssize_t receive(void* to, size_t size);
  // Sends now what the socket takes, and the rest when `flush` is called. Meant for little.
  void send(std::string_view bytes);
  void flush();

  // --- while connected
  int descriptor() const;
  std::string peer_address() const;   // "127.0.0.1:6379"
  std::string local_address() const;  // the same of this end

 private:
  struct Parts;

  void connect_next();
  void open_connection();

  EventLoop& loop_;
  Owner& owner_;
  std::unique_ptr<Parts> parts_;  // null: closed
};

}  // namespace spinel::server::net
