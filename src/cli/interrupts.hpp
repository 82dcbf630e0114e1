#pragma once
// Ctrl-C and its relatives, counted: the work in hand asks how often it was interrupted and decides
// what that means.

namespace repro::cli {

// From now on SIGINT, SIGTERM and SIGHUP are counted and do not end the process.
void count_interrupts();
int interrupts();

}  // namespace repro::cli
