#include "tests/support/client.h"

#include <csignal>
#include <hiredis/hiredis.h>
#include <sys/time.h>

namespace spinel::test {

namespace {

timeval patience() {
  return {kPatience.count(), 0};
}

/// hiredis writes without MSG_NOSIGNAL: a server that closed must not end the test.
void ignore_broken_pipes() {
  std::signal(SIGPIPE, SIG_IGN);
}

Reply from_hiredis(const redisReply& source) {
  const auto text = [&] { return std::string_view(source.str, source.len); };
  switch (source.type) {
    case REDIS_REPLY_STATUS:
      return status(text());
    case REDIS_REPLY_ERROR:
      return error(text());
    case REDIS_REPLY_INTEGER:
      return integer(source.integer);
    case REDIS_REPLY_STRING:
      return bulk(text());
    case REDIS_REPLY_NIL:
      return nil();
    default:
      break;
  }
  Reply reply = array({});
  reply.elements.reserve(source.elements);
  for (std::size_t i = 0; i < source.elements; ++i) {
    reply.elements.push_back(from_hiredis(*source.element[i]));
  }
  return reply;
}

}  // namespace

void Client::Free::operator()(redisContext* context) const {
  redisFree(context);
}

Client Client::tcp(const std::string& address, int port) {
  ignore_broken_pipes();
  redisContext* context = redisConnectWithTimeout(address.c_str(), port, patience());
  if (context != nullptr && context->err == 0) redisSetTimeout(context, patience());
  return Client(context);
}

Client Client::unix_socket(const std::string& path) {
  ignore_broken_pipes();
  redisContext* context = redisConnectUnixWithTimeout(path.c_str(), patience());
  if (context != nullptr && context->err == 0) redisSetTimeout(context, patience());
  return Client(context);
}

bool Client::connected() const {
  return context_ != nullptr && context_->err == 0;
}

std::string Client::last_error() const {
  if (context_ == nullptr) return "no connection";
  return context_->err == 0 ? "" : context_->errstr;
}

void Client::append(const std::vector<std::string>& arguments) {
  if (!connected()) return;
  std::vector<const char*> data;
  std::vector<std::size_t> sizes;
  for (const std::string& argument : arguments) {
    data.push_back(argument.data());
    sizes.push_back(argument.size());
  }
  redisAppendCommandArgv(context_.get(), static_cast<int>(data.size()), data.data(), sizes.data());
}

Reply Client::read_reply() {
  void* raw = nullptr;
  if (!connected() || redisGetReply(context_.get(), &raw) != REDIS_OK || raw == nullptr) {
    Reply closed;
    closed.type = Reply::Type::kClosed;
    closed.text = last_error();
    return closed;
  }
  const std::unique_ptr<void, void (*)(void*)> owner(raw, freeReplyObject);
  return from_hiredis(*static_cast<redisReply*>(raw));
}

Reply Client::command(const std::vector<std::string>& arguments) {
  append(arguments);
  return read_reply();
}

}  // namespace spinel::test
