#pragma once
// Of a downstream task: how its items are made of a corpus, where they are, and how much all of
// them make a model read.

#include <cstdint>

#include "config/fields.hpp"

namespace repro::config {

constexpr int64_t kLeastContextWords = 8;  // of an item that is made: less asks nothing

// How items are made of a corpus.
struct TaskMaking {
  int64_t items = 4000;        // at most, spread evenly over the split
  int64_t context_words = 32;  // at most, before the choices
  int64_t choice_words = 16;
  int64_t seed = 0;  // of what is drawn
};

// What all items together make a model read, for forecasts before they are there.
struct TaskSize {
  int64_t items = 0;          // 0 = not said
  int64_t context_bytes = 0;  // of the items' contexts, worked examples included
  int64_t choice_bytes = 0;   // of all their choices
};

// Parts of a made task: neighbouring documents, so that items of one text stand in one of them.
constexpr int64_t kMadeParts = 32;

void describe(Fields&, TaskMaking&);
void describe(Fields&, TaskSize&);

}  // namespace repro::config
