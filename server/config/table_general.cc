// Rows of the option table: the process, the log and security.
#include <clocale>
#include <syslog.h>

#include "server/config/options.h"
#include "server/process/process_title.h"

namespace spinel::server {
namespace {

constexpr std::string_view kNoAcl = "ACL users are not available yet";
constexpr std::string_view kNoModules = "modules are not available";

// Like Redis checks it before the program's name is known: a title of the name alone is refused.
ConfigError check_title_template(const std::string& title) {
  ProcessTitleValues values;
  values.listen_addr = "*";
  values.unixsocket = "/";
  const auto shown = expand_process_title(title, values);
  if (shown && !shown->empty()) return std::nullopt;
  return "template format is invalid or contains unknown variables";
}

ConfigError check_locale(const std::string& name) {
  locale_t locale = newlocale(LC_COLLATE_MASK, name.c_str(), nullptr);
  if (locale == nullptr) return "Invalid locale name";
  freelocale(locale);
  return std::nullopt;
}

std::vector<Option> general() {
  return {
      {.name = "daemonize",
       .value = yes_no(&Config::daemonize),
       .flags = kImmutable,
       .comment = "Run in the background.\n"},
      {.name = "supervised",
       .value = choice(&Config::supervised, {{"upstart", Supervision::kUpstart},
                                             {"systemd", Supervision::kSystemd},
                                             {"auto", Supervision::kAuto},
                                             {"no", Supervision::kNo}}),
       .flags = kImmutable,
       .comment =
           "Who is told that the server is ready: systemd (through NOTIFY_SOCKET), upstart (by\n"
           "SIGSTOP), auto (whichever the environment shows), or no one.\n"},
      {.name = "pidfile",
       .value = text(&Config::pidfile),
       .flags = kImmutable,
       .comment =
           "File to hold the process id while the server runs. In the background without this\n"
           "option: /var/run/redis.pid.\n"},
      {.name = "loglevel",
       .value = choice(&Config::loglevel, {{"debug", LogLevel::kDebug},
                                           {"verbose", LogLevel::kVerbose},
                                           {"notice", LogLevel::kNotice},
                                           {"warning", LogLevel::kWarning},
                                           {"nothing", LogLevel::kNothing}}),
       .comment =
           "Lowest level that is logged: debug, verbose, notice, warning, or nothing at all.\n"},
      {.name = "logfile",
       .value = text(&Config::logfile),
       .flags = kImmutable,
       .comment =
           "File to append the log to. Empty: standard output (in the background: nowhere).\n"},
      {.name = "syslog-enabled",
       .value = yes_no(&Config::syslog_enabled),
       .flags = kImmutable,
       .comment = "Log to the system's log as well.\n"},
      {.name = "syslog-ident",
       .value = text(&Config::syslog_ident),
       .flags = kImmutable,
       .comment = "Name of the server in the system's log.\n"},
      {.name = "syslog-facility",
       .value = choice(&Config::syslog_facility, {{"user", LOG_USER},
                                                  {"local0", LOG_LOCAL0},
                                                  {"local1", LOG_LOCAL1},
                                                  {"local2", LOG_LOCAL2},
                                                  {"local3", LOG_LOCAL3},
                                                  {"local4", LOG_LOCAL4},
                                                  {"local5", LOG_LOCAL5},
                                                  {"local6", LOG_LOCAL6},
                                                  {"local7", LOG_LOCAL7}}),
       .flags = kImmutable,
       .comment = "Facility of the system's log: user, or local0 to local7.\n"},
      {.name = "crash-log-enabled",
       .value = yes_no(&Config::crash_log_enabled),
       .comment = "When the server crashes, log the stack and the state.\n"},
      {.name = "crash-memcheck-enabled",
       .value = yes_no(&Config::crash_memcheck_enabled),
       .support = Support::kIgnored,
       .reason = "a crash report does not test the memory",
       .comment = "After a crash, also look for broken memory modules.\n"},
      {.name = "use-exit-on-panic",
       .value = yes_no(&Config::use_exit_on_panic),
       .flags = kHidden,
       .support = Support::kIgnored,
       .reason = "a failed assertion always aborts, for a core file"},
      {.name = "databases",
       .value = integer(&Config::databases, 1),
       .flags = kImmutable,
       .comment = "Number of databases; SELECT takes 0 up to one less.\n"},
      {.name = "always-show-logo",
       .value = yes_no(&Config::always_show_logo),
       .flags = kImmutable,
       .comment = "Show the banner even where the log does not go to a terminal.\n"},
      {.name = "set-proc-title",
       .value = yes_no(&Config::set_proc_title),
       .flags = kImmutable,
       .comment = "Show in the process list what the server listens on.\n"},
      {.name = "proc-title-template",
       .value = text(&Config::proc_title_template, check_title_template),
       .comment = "Title in the process list. Its variables are {title}, {listen-addr},\n"
                  "{server-mode}, {port}, {tls-port}, {unixsocket} and {config-file}.\n"},
      {.name = "locale-collate",
       .value = text(&Config::locale_collate, check_locale),
       .comment = "Locale for comparing strings in SORT. Empty: that of the environment.\n"},
      {.name = "ignore-warnings",
       .value = text(&Config::ignore_warnings),
       .support = Support::kIgnored,
       .reason = "no check refuses to start the server",
       .comment = "Names of startup checks that may fail.\n"},
      {.name = "watchdog-period",
       .value = integer(&Config::watchdog_period_ms),
       .flags = kHidden,
       .support = Support::kIgnored,
       .reason = "there is no watchdog for developers"},
      {.name = "lua-enable-deprecated-api",
       .value = yes_no(&Config::lua_enable_deprecated_api),
       .flags = kImmutable | kHidden,
       .support = Support::kIgnored,
       .reason = "scripts are not available yet"},
      {.name = "shutdown-timeout",
       .value = integer(&Config::shutdown_timeout_s),
       .comment = "Seconds that a shutdown waits for replicas that lag behind.\n"},
      {.name = "shutdown-on-sigint",
       .value = shutdown_signal_value(&Config::shutdown_on_sigint),
       .comment =
           "Options of a shutdown by SIGINT: default, or any of save or nosave, now and force.\n"},
      {.name = "shutdown-on-sigterm",
       .value = shutdown_signal_value(&Config::shutdown_on_sigterm),
       .comment = "The same for SIGTERM.\n"},
  };
}

std::vector<Option> kernel() {
  return {
      {.name = "disable-thp",
       .value = yes_no(&Config::disable_thp),
       .flags = kImmutable,
       .comment =
           "Switch off transparent huge pages for this process: they make snapshots expensive.\n"},
      {.name = "oom-score-adj",
       .value = choice(&Config::oom_score_adj, {{"no", OomScoreAdjust::kNo},
                                                {"yes", OomScoreAdjust::kRelative},
                                                {"relative", OomScoreAdjust::kRelative},
                                                {"absolute", OomScoreAdjust::kAbsolute}}),
       .comment =
           "Set how readily the kernel kills this process when memory runs out: no, yes (or\n"
           "relative: adds the values below to the score at start), or absolute.\n"},
      {.name = "oom-score-adj-values",
       .value = oom_score_adj_values_value(),
       .comment = "Values for oom-score-adj, -2000 to 2000: for a master, a replica, a background "
                  "child.\n"},
      {.name = "server_cpulist",
       .value = text(&Config::server_cpulist),
       .flags = kImmutable,
       .comment = "CPUs for the server's own threads, such as 0,2,4-7 or 0-7:2. Empty: any.\n"},
      {.name = "bio_cpulist",
       .value = text(&Config::bio_cpulist),
       .flags = kImmutable,
       .comment = "CPUs for background threads.\n"},
      {.name = "aof_rewrite_cpulist",
       .value = text(&Config::aof_rewrite_cpulist),
       .flags = kImmutable,
       .comment = "CPUs for the process that rewrites the append only file.\n"},
      {.name = "bgsave_cpulist",
       .value = text(&Config::bgsave_cpulist),
       .flags = kImmutable,
       .comment = "CPUs for the process that writes a snapshot.\n"},
  };
}

Option guarded(std::string_view name, ProtectedAccess Config::*field, std::string_view comment,
               Support support = Support::kFull, std::string_view reason = {}) {
  return {.name = name,
          .value = choice(field, {{"no", ProtectedAccess::kNo},
                                  {"yes", ProtectedAccess::kYes},
                                  {"local", ProtectedAccess::kLocal}}),
          .flags = kImmutable,
          .support = support,
          .reason = reason,
          .comment = comment};
}

std::vector<Option> security() {
  return {
      {.name = "requirepass",
       .value = text(&Config::requirepass),
       .comment =
           "Password of the default user. Empty: none is asked for. Clients try passwords fast,\n"
           "so choose a long one.\n"},
      {.name = "user",
       .value = user_value(),
       .flags = kFileOnly,
       .support = Support::kRefused,
       .reason = kNoAcl,
       .comment = "Defines a user, in the words of ACL SETUSER.\n",
       .example = "worker on >password ~jobs:* +@list"},
      {.name = "aclfile",
       .value = text(&Config::aclfile),
       .flags = kImmutable,
       .support = Support::kRefused,
       .reason = kNoAcl,
       .comment = "File with the definitions of users, instead of user lines here.\n"},
      {.name = "acllog-max-len",
       .value = integer(&Config::acllog_max_len),
       .support = Support::kIgnored,
       .reason = kNoAcl,
       .comment = "Entries that ACL LOG keeps.\n"},
      {.name = "acl-pubsub-default",
       .value = choice(&Config::acl_pubsub_default_allchannels,
                       {{"allchannels", true}, {"resetchannels", false}}),
       .support = Support::kIgnored,
       .reason = kNoAcl,
       .comment = "Pub/Sub channels of a new user: allchannels or resetchannels (none).\n"},
      {.name = "rename-command",
       .value = rename_command_value(),
       .flags = kFileOnly,
       .comment = "Renames a command; an empty new name removes it.\n",
       .example = "CONFIG b840fc02d524045429941cc15f59e41cb7be6c52"},
      guarded(
          "enable-protected-configs", &Config::enable_protected_configs,
          "Who may change dir and dbfilename by CONFIG SET: no one, anybody (yes), or clients of\n"
          "this machine (local).\n"),
      guarded("enable-debug-command", &Config::enable_debug_command, "Who may use DEBUG.\n"),
      guarded("enable-module-command", &Config::enable_module_command, "Who may use MODULE.\n",
              Support::kIgnored, kNoModules),
      {.name = "loadmodule",
       .value = loadmodule_value(),
       .flags = kFileOnly,
       .support = Support::kRefused,
       .reason = kNoModules,
       .comment = "Loads a module, with the arguments that follow its path.\n",
       .example = "/path/to/module.so"},
  };
}

}  // namespace

std::vector<OptionSection> general_options() {
  return {{"General", general()}, {"Kernel", kernel()}, {"Security", security()}};
}

}  // namespace spinel::server
