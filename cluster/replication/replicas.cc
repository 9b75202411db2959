#include "cluster/replication/replicas.h"

namespace spinel::cluster {
void Replicas::psync(server::CommandContext&) {}
void Replicas::replconf(server::CommandContext&) {}
void Replicas::cron() {}
void Replicas::end_turn() {}
void Replicas::disconnect_all() {}
std::vector<Replicas::Summary> Replicas::summaries() const {
  return {};
}
size_t Replicas::online_count() const {
  return 0;
}
size_t Replicas::good_count() const {
  return 0;
}
size_t Replicas::that_have(int64_t) const {
  return 0;
}
size_t Replicas::that_synced(int64_t) const {
  return 0;
}
void Replicas::ask_for_acknowledgements() {}
void Replicas::write_info(server::InfoWriter&) const {}
void Replicas::write_role(server::CommandContext&) const {}
}  // namespace spinel::cluster
