// The errors of dispatch that are made out of what the client sent. Texts start with their code and
// are ready for ReplyWriter::error.
#pragma once

#include <string>

#include "server/engine/table.h"

namespace spinel::server {

inline constexpr std::string_view kLoadingError = "LOADING Redis is loading the dataset in memory";
inline constexpr std::string_view kReadOnlyError =
    "READONLY You can't write against a read only replica.";
inline constexpr std::string_view kStaleError =
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
inline constexpr std::string_view kTooFewReplicasError =
    "NOREPLICAS Not enough good replicas to write.";

// For `args` (not empty) that CommandTable::resolve did not know: an unknown command or subcommand.
std::string unknown_command_error(const CommandTable& table, CommandArgs args);

// For a number of arguments that the command does not take.
std::string wrong_arity_error(const Command& command);

}  // namespace spinel::server
