#include "cli/interrupts.hpp"

#include <signal.h>

#include <initializer_list>

namespace repro::cli {
namespace {

volatile sig_atomic_t g_interrupts = 0;

}  // namespace

void count_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { g_interrupts = g_interrupts + 1; };
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

int interrupts() { return g_interrupts; }

}  // namespace repro::cli
