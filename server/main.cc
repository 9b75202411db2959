// The executable: loads the configuration, sets up the process, and serves until it is told to
// stop.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cluster/replication/node.h"
#include "server/config/config.h"
#include "server/config/launch.h"
#include "server/config/load.h"
#include "server/info.h"
#include "server/log/log.h"
#include "server/log/print.h"
#include "server/net/event_loop.h"
#include "server/process/banner.h"
#include "server/process/cpu_affinity.h"
#include "server/process/crash_handler.h"
#include "server/process/daemon.h"
#include "server/process/limits.h"
#include "server/process/process_title.h"
#include "server/process/supervisor.h"
#include "server/process/system_check.h"
#include "server/server.h"
#include "storage/base/memory.h"

namespace spinel::server {
namespace {

LogOptions log_options(const Config& config) {
  return {.level = config.loglevel,
          .file = config.logfile,
          .syslog = config.syslog_enabled,
          .syslog_ident = config.syslog_ident,
          .syslog_facility = config.syslog_facility};
}

// The path of the pid file: pidfile, or the default one for a server in the background.
std::string pid_file_path(const Config& config) {
  if (!config.pidfile.empty()) return config.pidfile;
  return config.daemonize ? kDefaultPidfile : "";
}

void update_process_title(const Config& config, const std::string& program) {
  if (!config.set_proc_title) return;
  const std::string address =
      config.port != 0
          ? fmt::format("{}:{}", config.bind.empty() ? "*" : config.bind[0], config.port)
          : config.unixsocket;
  const auto title =
      expand_process_title(config.proc_title_template, {.title = program,
                                                        .listen_addr = address,
                                                        .server_mode = "",
                                                        .config_file = config.config_file,
                                                        .unixsocket = config.unixsocket,
                                                        .port = config.port,
                                                        .tls_port = config.tls_port});
  if (title) set_process_title(*title);
}

// Applies oom-score-adj and its values. Returns what CONFIG SET answers if that fails.
std::optional<std::string> apply_oom_score(const Config& config) {
  const auto& values = config.oom_score_adj_values;
  if (config.oom_score_adj != OomScoreAdjust::kNo &&
      !std::is_sorted(values.begin(), values.end())) {
    log_warning("oom-score-adj-values do not rise: only a privileged process may lower its score");
  }
  const auto error = set_oom_score_adjustment(config.oom_score_adj, values[0]);
  if (!error) return std::nullopt;
  log_warning("{}", *error);
  return "Failed to set current oom_score_adj. Check server logs.";
}

// Writes the current command to a crash report.
void report_current_command(CrashWriter& out, void* context) {
  const Server& server = *static_cast<const Server*>(context);
  const Client* client = server.current_client;
  if (client == nullptr) {
    out.text("none\n");
    return;
  }
  out.text("client id ").decimal(static_cast<int64_t>(client->id)).text(" command ");
  out.text(client->last_command != nullptr ? std::string_view(client->last_command->name) : "-");
  out.text("\n");
}

void report_info(CrashWriter& out, void* context) {
  out.text(describe_server(*static_cast<Server*>(context), InfoSelection::from_arguments({})));
}

// Serves until shutdown. Returns the exit status.
int serve(Config& config, const std::string& program) {
  std::optional<ThreadAffinity> background(std::in_place, config.bio_cpulist);
  Server server(config);  // starts the threads that work in the background
  background.reset();
  net::EventLoop loop(server);
  cluster::Node node(server, loop);
  if (const auto error = loop.listen()) {
    log_warning("{}", *error);
    return 1;
  }
  if (!loop.listening()) {
    log_warning("There is nothing to listen on: port is 0 and unixsocket is empty");
    return 1;
  }
  set_thread_affinity(config.server_cpulist);
  apply_oom_score(config);
  add_crash_section("INFO OUTPUT", report_info, &server);
  add_crash_section("CURRENT CLIENT", report_current_command, &server);
  server.config_store.on_change({"crash-log-enabled"}, [](const Config& changed) {
    changed.crash_log_enabled ? install_crash_handler() : remove_crash_handler();
    return std::optional<std::string>();
  });
  server.config_store.on_change({"set-proc-title", "proc-title-template", "port", "bind"},
                                [program](const Config& changed) {
                                  update_process_title(changed, program);
                                  return std::optional<std::string>();
                                });
  server.config_store.on_change({"oom-score-adj", "oom-score-adj-values"}, apply_oom_score);
  const Supervisor supervisor = Supervisor::start(config.supervised);
  server.supervision = supervisor.kind();
  log_notice("Server initialized");
  server.loading.set_serve_events([&loop] { loop.serve_ready(); });
  if (!load_data_at_start(server)) {
    supervisor.notify_stopping();
    if (!server.shutdown_request()) return 1;
    log_warning("Spinel stops now, bye bye");
    return 0;
  }
  if (config.port != 0) log_notice("Ready to accept connections tcp");
  if (!config.unixsocket.empty()) log_notice("Ready to accept connections unix");
  supervisor.notify_status("Ready to accept connections");
  supervisor.notify_ready();
  loop.run();
  supervisor.notify_stopping();
  log_warning("Spinel stops now, bye bye");
  return 0;
}

int run(const ConfigSources& sources, const std::string& program) {
  if (sources.read_stdin) log_notice("Reading the configuration from standard input up to its end");
  Config config;
  if (const auto error = load_config(config, sources)) {
    std::fputs(error->c_str(), stderr);
    return 1;
  }
  if (const auto error = configure_logging(log_options(config))) {
    print(stderr, "{}\n", *error);
    return 1;
  }
  // No thread may start before this.
  if (config.daemonize && config.supervised == Supervision::kNo) {
    if (const auto error = daemonize()) {
      log_warning("Cannot run in the background: {}", *error);
      return 1;
    }
  }
  storage::register_memory_thread();
  if (config.crash_log_enabled) install_crash_handler();
  log_start(!config.config_file.empty() || !sources.options.empty());
  const auto clients = adjust_open_files_limit(static_cast<uint32_t>(config.maxclients));
  if (!clients) return 1;
  config.maxclients = static_cast<int>(*clients);
  const bool as_logo =
      config.always_show_logo ||
      (log_is_stdout() && !config.daemonize && !config.syslog_enabled && log_goes_to_terminal());
  log_banner("standalone", config.port, as_logo);
  for (const std::string& warning : config.warnings) log_warning("{}", warning);
  warn_about_tcp_backlog(config.tcp_backlog);
  warn_about_system_settings(config.disable_thp);
  update_process_title(config, program);
  const std::string pid_path = pid_file_path(config);
  if (!pid_path.empty()) create_pid_file(pid_path);
  const int status = serve(config, program);
  if (!pid_path.empty()) remove_pid_file(pid_path);
  return status;
}

int launch(int argc, char** argv) {
  const std::string program = argv[0];
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  init_process_title(argc, argv);
  const Launch launch = parse_command_line(arguments);
  switch (launch.action) {
    case LaunchAction::kRun:
      return run(launch.sources, program);
    case LaunchAction::kPrintVersion:
      print(stdout, "{}\n", version_line());
      return 0;
    case LaunchAction::kPrintHelp:
      print(stderr, "{}", help_text(program));
      return 1;
    case LaunchAction::kTestMemory:
      print(stderr, "Use the system's own memory test (memtester, memtest86+) instead.\n");
      return 1;
    case LaunchAction::kCheckSystem:
      return report_system_checks(system_checks(), stdout);
    case LaunchAction::kFail:
      print(stderr, "{}\n", launch.message);
      return 1;
  }
  return 1;  // not reached
}

}  // namespace
}  // namespace spinel::server

int main(int argc, char** argv) {
  try {
    return spinel::server::launch(argc, argv);
  } catch (const std::exception& error) {  // of a library, such as for want of descriptors
    spinel::server::log_warning("The server cannot go on: {}", error.what());
    return 1;
  }
}
