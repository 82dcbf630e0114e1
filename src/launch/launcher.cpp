#include "launch/launcher.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstring>

namespace repro::launch {

std::string describe(const ExitStatus& status) {
  if (status.signal == 0) return fmt::format("ended with exit code {}", status.code);
  const char* name = ::sigabbrev_np(status.signal);
  const std::string signal =
      name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", status.signal);
  const char* why = status.signal == SIGKILL ? " (perhaps out of memory)" : "";
  return fmt::format("killed by {}{}", signal, why);
}

}  // namespace repro::launch
