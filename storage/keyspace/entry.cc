#include "storage/keyspace/entry.h"

namespace spinel::storage {

std::string_view encoding_name(const Entry& entry) {
  // Redis embeds no more than this; its names are part of the protocol.
  constexpr size_t kMaxEmbstr = 44;
  switch (entry.encoding()) {
    case Encoding::kInt32:
    case Encoding::kInt64:
      return "int";
    case Encoding::kEmbedded:
      return entry.embedded().size() <= kMaxEmbstr ? "embstr" : "raw";
    case Encoding::kRaw:
      return "raw";
    case Encoding::kCompressedBitmap:
      return "roaring";
    case Encoding::kListpackList:
    case Encoding::kListpackSet:
    case Encoding::kListpackSortedSet:
    case Encoding::kListpackHash:
      return "listpack";
    case Encoding::kListpackExHash:
      return "listpackex";
    case Encoding::kQuicklist:
      return "quicklist";
    case Encoding::kIntset:
      return "intset";
    case Encoding::kTableSet:
    case Encoding::kTableHash:
      return "hashtable";
    case Encoding::kSkiplist:
      return "skiplist";
  }
  __builtin_unreachable();
}

size_t Entry::size_bytes() const {
  const unsigned char* at = payload();
  const auto before = static_cast<size_t>(at - bytes_);
  switch (encoding()) {
    case Encoding::kInt32:
      return before + sizeof(int32_t);
    case Encoding::kInt64:
      return before + sizeof(int64_t);
    case Encoding::kEmbedded: {
      const std::string_view value = embedded();
      return static_cast<size_t>(reinterpret_cast<const unsigned char*>(value.data()) - bytes_) +
             value.size();
    }
    default:
      return before + sizeof(void*);
  }
}

}  // namespace spinel::storage
