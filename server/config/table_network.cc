// Rows of the option table: network and TLS.
#include "server/config/options.h"

namespace spinel::server {
namespace {

constexpr std::string_view kNoTls = "TLS is not available yet";

std::vector<Option> network() {
  return {
      {.name = "bind",
       .value = bind_value(),
       .comment =
           "Addresses to listen on, separated by spaces. One that starts with - may be missing on\n"
           "this machine; * and ::* mean every IPv4 and every IPv6 address.\n"},
      {.name = "bind-source-addr",
       .value = text(&Config::bind_source_addr),
       .support = Support::kIgnored,
       .reason = "the server does not connect to others yet",
       .comment =
           "Address that connections to other nodes start from. Empty: what the system picks.\n"},
      {.name = "protected-mode",
       .value = yes_no(&Config::protected_mode),
       .comment =
           "As long as the default user has no password, answer only clients of this machine.\n"},
      {.name = "port",
       .value = integer(&Config::port, 0, 65535),
       .comment = "TCP port. 0 closes TCP altogether.\n"},
      {.name = "tcp-backlog",
       .value = integer(&Config::tcp_backlog),
       .flags = kImmutable,
       .comment =
           "Connections that the kernel queues until they are accepted. It caps the number at\n"
           "net.core.somaxconn.\n"},
      {.name = "unixsocket",
       .value = text(&Config::unixsocket),
       .flags = kImmutable,
       .comment = "Path of a Unix socket to listen on, too. Empty: none.\n"},
      {.name = "unixsocketperm",
       .value = unixsocketperm_value(),
       .flags = kImmutable,
       .comment = "Permissions of the Unix socket, in octal. 0: what the umask leaves.\n"},
      {.name = "timeout",
       .value = integer(&Config::timeout_s),
       .comment = "Close connections that were idle for this many seconds. 0: never.\n"},
      {.name = "tcp-keepalive",
       .value = integer(&Config::tcp_keepalive_s),
       .comment = "Seconds between probes that detect clients which vanished. 0: no probes.\n"},
      {.name = "socket-mark-id",
       .value = integer(&Config::socket_mark_id),
       .flags = kImmutable,
       .comment = "Mark put on listening sockets, for filters and routes. 0: no mark.\n"},
      {.name = "max-new-connections-per-cycle",
       .value = integer(&Config::max_new_connections_per_cycle, 1, 1000),
       .flags = kHidden,
       .support = Support::kIgnored,
       .reason = "a turn of the event loop has limits of its own"},
      {.name = "max-new-tls-connections-per-cycle",
       .value = integer(&Config::max_new_tls_connections_per_cycle, 1, 1000),
       .flags = kHidden,
       .support = Support::kIgnored,
       .reason = kNoTls},
  };
}

Option tls_text(std::string_view name, std::string Config::*field, std::string_view comment) {
  return {.name = name, .value = text(field), .support = Support::kIgnored, .comment = comment};
}

Option tls_switch(std::string_view name, bool Config::*field, std::string_view comment) {
  return {.name = name, .value = yes_no(field), .support = Support::kIgnored, .comment = comment};
}

std::vector<Option> tls() {
  return {
      {.name = "tls-port",
       .value = integer(&Config::tls_port, 0, 65535),
       .support = Support::kRefused,
       .comment = "TCP port for TLS. 0: none.\n"},
      tls_text("tls-cert-file", &Config::tls_cert_file, "Certificate of the server (PEM).\n"),
      tls_text("tls-key-file", &Config::tls_key_file, "Private key of the server (PEM).\n"),
      tls_text("tls-key-file-pass", &Config::tls_key_file_pass,
               "Password of the private key, if it has one.\n"),
      tls_text("tls-client-cert-file", &Config::tls_client_cert_file,
               "Certificate for connections to other nodes, if not the server's.\n"),
      tls_text("tls-client-key-file", &Config::tls_client_key_file,
               "Private key for connections to other nodes.\n"),
      tls_text("tls-client-key-file-pass", &Config::tls_client_key_file_pass,
               "Password of that key.\n"),
      tls_text("tls-dh-params-file", &Config::tls_dh_params_file,
               "Diffie-Hellman parameters, for OpenSSL before 3.0.\n"),
      tls_text("tls-ca-cert-file", &Config::tls_ca_cert_file,
               "Certificates that peers are checked against, in one file.\n"),
      tls_text("tls-ca-cert-dir", &Config::tls_ca_cert_dir, "The same as a directory of files.\n"),
      {.name = "tls-auth-clients",
       .value = choice(&Config::tls_auth_clients, {{"no", TlsAuthClients::kNo},
                                                   {"yes", TlsAuthClients::kYes},
                                                   {"optional", TlsAuthClients::kOptional}}),
       .support = Support::kIgnored,
       .comment =
           "Whether clients need a certificate: yes, no, or optional (checked if there is one).\n"},
      {.name = "tls-replication",
       .value = yes_no(&Config::tls_replication),
       .support = Support::kRefused,
       .comment = "Use TLS between master and replicas.\n"},
      {.name = "tls-cluster",
       .value = yes_no(&Config::tls_cluster),
       .support = Support::kRefused,
       .comment = "Use TLS between the nodes of a cluster.\n"},
      tls_text("tls-protocols", &Config::tls_protocols,
               "Protocol versions to offer, such as \"TLSv1.2 TLSv1.3\". Empty: the library's "
               "choice.\n"),
      tls_text("tls-ciphers", &Config::tls_ciphers,
               "Ciphers up to TLS 1.2, as OpenSSL lists them.\n"),
      tls_text("tls-ciphersuites", &Config::tls_ciphersuites, "Cipher suites of TLS 1.3.\n"),
      tls_switch("tls-prefer-server-ciphers", &Config::tls_prefer_server_ciphers,
                 "Let the server's order of ciphers decide, not the client's.\n"),
      tls_switch("tls-session-caching", &Config::tls_session_caching,
                 "Let clients resume sessions.\n"),
      {.name = "tls-session-cache-size",
       .value = integer(&Config::tls_session_cache_size),
       .support = Support::kIgnored,
       .comment = "Sessions kept for resumption. 0: no bound.\n"},
      {.name = "tls-session-cache-timeout",
       .value = integer(&Config::tls_session_cache_timeout_s),
       .support = Support::kIgnored,
       .comment = "Seconds that sessions are kept.\n"},
  };
}

}  // namespace

std::vector<OptionSection> network_options() {
  return {{"Network", network()}, {"TLS", with_reason(kNoTls, tls())}};
}

}  // namespace spinel::server
