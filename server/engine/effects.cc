#include "server/engine/effects.h"

#include <algorithm>

namespace spinel::server {

void EffectStream::remove_sink(EffectSink& sink) {
  std::erase(sinks_, &sink);
}

void EffectStream::add(int database, CommandArgs args) {
  if (!active()) return;
  pending_.push_back({database, {args.begin(), args.end()}});
}

void EffectStream::commit() {
  if (pending_.empty()) return;
  std::vector<std::string_view> views;
  for (const Pending& effect : pending_) {
    views.insert(views.end(), effect.args.begin(), effect.args.end());
  }
  std::vector<Effect> effects;
  const std::string_view* next = views.data();
  for (const Pending& effect : pending_) {
    effects.push_back({effect.database, {next, effect.args.size()}});
    next += effect.args.size();
  }
  for (EffectSink* sink : sinks_) sink->on_effects(effects);
  pending_.clear();
}

}  // namespace spinel::server
