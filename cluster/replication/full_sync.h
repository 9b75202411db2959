// Full copies of the data for replicas: one forked child for all who wait.
//
// The child writes the ordinary snapshot file, which each replica is then sent from disk, or a
// snapshot into a pipe. What comes out of the pipe is kept until the slowest replica was sent it;
// the pipe is not read on while that one is far behind, so the child waits, too.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cluster/replication/copy_feed.h"
#include "cluster/replication/replica_client.h"
#include "persistence/snapshot/child_process.h"
#include "server/net/descriptor_watch.h"

namespace spinel::cluster {

class Node;
class Replicas;

class FullSync {
 public:
  FullSync(Node& node, Replicas& replicas) : node_(node), replicas_(replicas) {}

  // Begins a full copy for those who wait, if one is due and no child runs. Called between units of
  // execution.
  void start_if_due();
  // Has `replica` share the snapshot file that is being written, if it can. Returns whether it
  // does.
  bool join(ReplicaClient& replica);
  // A snapshot file was written, or could not be.
  void on_snapshot_end(bool ok);
  // Reads the pipe on, if those who are sent it have caught up, and ends the child if nobody is
  // left.
  void end_turn();

 private:
  // A copy through a pipe.
  struct Pipe {
    std::shared_ptr<CopyStream> stream;
    std::unique_ptr<server::net::DescriptorWatch> watch;
    std::string mark;  // 40 characters behind the end
    bool child_runs = true;
    bool ended = false;  // all was read
  };

  bool is_due(const std::vector<ReplicaClient*>& waiting, bool through_pipe) const;
  // All of those who wait and may share a copy with the first of them.
  std::vector<ReplicaClient*> those_who_wait() const;
  void start_file(const std::vector<ReplicaClient*>& waiting);
  void start_pipe(const std::vector<ReplicaClient*>& waiting);
  // Tells `replica` where the stream goes on.
  void announce(ReplicaClient& replica, int64_t offset) const;
  void refuse(const std::vector<ReplicaClient*>& waiting, const std::string& cause);
  // Those who are sent what comes out of the pipe.
  std::vector<ReplicaClient*> receivers() const;
  uint64_t most_pending_bytes() const;
  void read_pipe();
  void on_child_end(const persistence::ChildEnd& end);
  void finish_pipe_if_complete();

  Node& node_;
  Replicas& replicas_;
  std::unique_ptr<Pipe> pipe_;
  // The file that is being written for those in state kSaving; empty: none.
  std::string file_path_;
  int64_t file_offset_ = 0;  // of the history, as of that file
};

}  // namespace spinel::cluster
