// A collection that a command writes to: found, or made when it is needed, and put back as what it
// has become.
#pragma once

#include <optional>
#include <utility>

#include "server/engine/context.h"

namespace spinel::server {

// `Collection` is a type of storage/types: a handle for a value in any of its encodings, with
// `kType`, `Collection(Encoding, void*)`, `create()`, `destroy(Encoding, void*)`, `encoding()`,
// `object()`, `empty()`.
//
//   auto hash = WritableCollection<Hash>::find(ctx, ctx.key(1));
//   if (!hash) return;                                  // WRONGTYPE has been sent
//   hash->value().set(...);
//   hash->commit(changes, kNotifyHash, "hset");
template <typename Collection>
class WritableCollection {
 public:
  // Finds the value at `key`, present or not. Nothing if it is of another type: WRONGTYPE has been
  // sent. The bytes of `key` must outlive the result, and nothing else may change the database
  // before `commit`.
  static std::optional<WritableCollection> find(CommandContext& ctx, const storage::Key& key) {
    const storage::Item item = ctx.find_write(key);
    if (!ctx.check_type(item, Collection::kType)) return std::nullopt;
    return WritableCollection(ctx, key, item);
  }

  WritableCollection(WritableCollection&& other) noexcept
      : ctx_(other.ctx_),
        key_(other.key_),
        item_(other.item_),
        value_(std::exchange(other.value_, std::nullopt)) {}
  WritableCollection& operator=(WritableCollection&&) = delete;
  // What was made and not committed is thrown away; what was there is kept as it is now.
  ~WritableCollection() {
    if (!value_) return;
    if (item_) {
      ctx_->db.update_object(item_, value_->encoding(), value_->object());
    } else {
      Collection::destroy(value_->encoding(), value_->object());
    }
  }

  // Whether the key exists.
  bool exists() const { return static_cast<bool>(item_); }
  // The collection: an empty one if the key does not exist.
  Collection& value() {
    if (!value_) {
      value_.emplace(item_ ? Collection(item_->encoding(), item_->object()) : Collection::create());
    }
    return *value_;
  }

  // Stores the collection after a change: announces `event`, wakes who waits, counts `changes`, and
  // removes the key if nothing is left in it. Returns whether the key was removed. Once, at the
  // end; not after it found that there was nothing to change.
  bool commit(int64_t changes, uint32_t event_class, std::string_view event) {
    store();
    ctx_->changed(key_.bytes, changes);
    ctx_->notify(event_class, event, key_.bytes);
    if (!item_empty_) return false;
    ctx_->remove(item_, key_, ctx_->server.config.lazyfree_lazy_server_del, 0);
    return true;
  }

 private:
  WritableCollection(CommandContext& ctx, const storage::Key& key, storage::Item item)
      : ctx_(&ctx), key_(key), item_(item) {}

  void store() {
    Collection& collection = value();
    item_empty_ = collection.empty();
    if (!item_) {
      ctx_->created(key_.bytes);
      ctx_->db.set_object(key_, item_, collection.encoding(), collection.object(),
                          storage::kNoExpiry, ctx_->new_access());
    } else {
      ctx_->db.update_object(item_, collection.encoding(), collection.object());
    }
    value_.reset();
  }

  CommandContext* ctx_;
  storage::Key key_;
  storage::Item item_;
  std::optional<Collection> value_;
  bool item_empty_ = false;
};

}  // namespace spinel::server
