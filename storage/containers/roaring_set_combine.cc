// BITOP on sets in libroaring's containers, by its own operations.
#include <algorithm>
#include <memory>
#include <vector>

#include "storage/base/assert.h"
#include "storage/base/memory.h"
#include "storage/containers/roaring_containers.h"
#include "storage/containers/roaring_set.h"

namespace spinel::storage {

namespace {

struct Free {
  void operator()(roaring_bitmap_t* bitmap) const { roaring_bitmap_free(bitmap); }
};
using Bitmap = std::unique_ptr<roaring_bitmap_t, Free>;
using Sources = std::span<const roaring_bitmap_t* const>;

Bitmap own(roaring_bitmap_t* bitmap) {
  if (bitmap == nullptr) out_of_memory(sizeof(roaring_bitmap_t));
  return Bitmap(bitmap);
}

// Not roaring_bitmap_or_many: that makes bitsets of what is sparse.
Bitmap any_of(Sources sources) {
  Bitmap result = own(roaring_bitmap_copy(sources.front()));
  for (const roaring_bitmap_t* source : sources.subspan(1)) {
    roaring_bitmap_or_inplace(result.get(), source);
  }
  return result;
}

Bitmap odd_of(Sources sources) {
  Bitmap result = own(roaring_bitmap_xor(sources[0], sources[1]));
  for (const roaring_bitmap_t* source : sources.subspan(2)) {
    roaring_bitmap_xor_inplace(result.get(), source);
  }
  return result;
}

Bitmap all_of(Sources sources) {
  std::vector<const roaring_bitmap_t*> list(sources.begin(), sources.end());
  // What has the fewest containers first: no later result has more.
  std::sort(list.begin(), list.end(), [](const roaring_bitmap_t* a, const roaring_bitmap_t* b) {
    return a->high_low_container.size < b->high_low_container.size;
  });
  Bitmap result = own(roaring_bitmap_and(list[0], list[1]));
  for (size_t i = 2; i < list.size(); ++i) roaring_bitmap_and_inplace(result.get(), list[i]);
  return result;
}

Bitmap without(const roaring_bitmap_t* first, Sources others) {
  Bitmap result = own(roaring_bitmap_andnot(first, others.front()));
  for (const roaring_bitmap_t* other : others.subspan(1)) {
    roaring_bitmap_andnot_inplace(result.get(), other);
  }
  return result;
}

Bitmap and_any_of(const roaring_bitmap_t* first, Sources others) {
  Bitmap result = own(roaring_bitmap_and(first, others.front()));
  for (const roaring_bitmap_t* other : others.subspan(1)) {
    const Bitmap both = own(roaring_bitmap_and(first, other));
    roaring_bitmap_or_inplace(result.get(), both.get());
  }
  return result;
}

Bitmap one_of(Sources sources) {
  Bitmap once = own(roaring_bitmap_copy(sources.front()));
  const Bitmap more = own(roaring_bitmap_create());
  for (const roaring_bitmap_t* source : sources.subspan(1)) {
    const Bitmap again = own(roaring_bitmap_and(once.get(), source));
    roaring_bitmap_xor_inplace(once.get(), source);
    roaring_bitmap_andnot_inplace(once.get(), more.get());
    roaring_bitmap_or_inplace(more.get(), again.get());
  }
  return once;
}

Bitmap evaluate(bits::Operation operation, Sources sources) {
  switch (operation) {
    case bits::Operation::kAnd:
      return all_of(sources);
    case bits::Operation::kOr:
      return any_of(sources);
    case bits::Operation::kXor:
      return odd_of(sources);
    case bits::Operation::kDiff:
      return without(sources.front(), sources.subspan(1));
    case bits::Operation::kDiff1:
      return own(roaring_bitmap_andnot(any_of(sources.subspan(1)).get(), sources.front()));
    case bits::Operation::kAndOr:
      return and_any_of(sources.front(), sources.subspan(1));
    case bits::Operation::kOne:
      return one_of(sources);
    case bits::Operation::kNot:
      break;
  }
  SPINEL_ASSERT(operation != bits::Operation::kNot);
  return nullptr;
}

}  // namespace

RoaringSet RoaringSet::combine(bits::Operation operation,
                               std::span<const RoaringSet* const> sources) {
  SPINEL_ASSERT(sources.size() >= 2);
  std::vector<const roaring_bitmap_t*> bitmaps;
  bitmaps.reserve(sources.size());
  for (const RoaringSet* source : sources) bitmaps.push_back(source->bitmap_);
  return RoaringSet(evaluate(operation, bitmaps).release());
}

}  // namespace spinel::storage
