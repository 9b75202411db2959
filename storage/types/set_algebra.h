// Intersection, union and difference of sets, told member by member to a visitor, which gets a
// const SetMember& and ends it by returning false, if it returns a bool. No result is stored on the
// way.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "storage/types/set.h"

namespace spinel::storage {

enum class Presence : uint8_t { kInAll, kInNone };

// Visits the members of `from` that are in all of `others`, or in none of them. Members are looked
// for in batches, so that they wait for memory together.
template <typename Visit>
void select_members(const Set& from, std::span<const Set> others, Presence wanted, Visit&& visit) {
  constexpr size_t kBatch = 32;
  std::vector<SetMember> batch;
  batch.reserve(kBatch);
  bool goes_on = true;
  const auto finish_batch = [&] {
    for (const Set& other : others) {
      other.prefetch(batch);
      std::erase_if(batch, [&](const SetMember& member) {
        return other.contains(member) != (wanted == Presence::kInAll);
      });
    }
    for (const SetMember& member : batch) {
      if (goes_on) goes_on = visit_goes_on(visit, member);
    }
    batch.clear();
  };
  const auto add_to_batch = [&](const SetMember& member) {
    batch.push_back(member);
    if (batch.size() == kBatch) finish_batch();
  };
  if constexpr (std::is_same_v<std::invoke_result_t<Visit, const SetMember&>, bool>) {
    from.for_each([&](const SetMember& member) {
      add_to_batch(member);
      return goes_on;
    });
  } else {
    from.for_each(add_to_batch);
  }
  finish_batch();
}

// Visits the members that all the intsets have. They are walked side by side.
template <typename Visit>
void intersect_intsets(std::span<const Set> sets, Visit&& visit) {
  const auto& first = *static_cast<const Intset*>(sets[0].object());
  std::vector<size_t> positions(sets.size(), 0);
  for (size_t i = 0; i < first.count(); ++i) {
    const int64_t value = first.at(i);
    bool in_all = true;
    for (size_t other = 1; in_all && other < sets.size(); ++other) {
      const auto& set = *static_cast<const Intset*>(sets[other].object());
      size_t& position = positions[other];
      position = set.seek(value, position);
      if (position == set.count()) return;
      in_all = set.at(position) == value;
    }
    if (in_all && !visit_goes_on(visit, SetMember(value))) return;
  }
}

// Visits the members that all of at least one set have. Puts the smallest set first.
template <typename Visit>
void intersect(std::span<Set> sets, Visit&& visit) {
  std::ranges::stable_sort(sets, {}, &Set::size);
  const auto is_intset = [](const Set& set) { return set.encoding() == Encoding::kIntset; };
  if (std::ranges::all_of(sets, is_intset)) return intersect_intsets(sets, visit);
  select_members(sets[0], sets.subspan(1), Presence::kInAll, visit);
}

// Visits every member of any of the sets once.
template <typename Visit>
void unite(std::span<Set> sets, Visit&& visit) {
  // Large sets first: their members are looked for in fewer others.
  std::ranges::stable_sort(sets, std::ranges::greater(), &Set::size);
  for (size_t i = 0; i < sets.size(); ++i) {
    select_members(sets[i], sets.first(i), Presence::kInNone, visit);
  }
}

// Visits the members of the first of the sets that are in none of the others. Changes their order.
template <typename Visit>
void subtract(std::span<Set> sets, Visit&& visit) {
  // What is in the largest set need not be looked for in the others.
  std::ranges::stable_sort(sets.subspan(1), std::ranges::greater(), &Set::size);
  select_members(sets[0], sets.subspan(1), Presence::kInNone, visit);
}

}  // namespace spinel::storage
