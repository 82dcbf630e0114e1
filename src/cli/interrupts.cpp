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
  action.sa_flags = SA_RESTART;
  for (int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
  // `nohup` ignores it so that a run outlives its terminal.
  struct sigaction before {};
  sigaction(SIGHUP, nullptr, &before);
  if (before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
}

int interrupts() { return g_interrupts; }

}  // namespace repro::cli
