// An empty keyspace, whose observer does nothing.
#pragma once

#include <span>
#include <string>

#include "storage/keyspace/keyspace.h"

namespace spinel::fuzz {

class FuzzKeyspace {
 private:
  class Observer final : public storage::KeyspaceObserver {
   public:
    void on_remove(storage::Database&, const storage::Key&, storage::RemovalReason) override {}
    void on_fields_expire(storage::Database&, const storage::Key&,
                          std::span<const std::string>) override {}
  };
  Observer observer_;

 public:
  storage::Keyspace keyspace{16, observer_};
};

}  // namespace spinel::fuzz
