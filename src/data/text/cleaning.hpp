#pragma once
// From the paragraphs of one page, article or book to documents: filter, exact duplicates over the
// whole corpus, and cutting of long texts. Which split a document belongs to is
// data/text/splits.hpp.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "data/text/document.hpp"

namespace repro::data {

using Sink = std::function<void(Document&&)>;

class Cleaner {
 public:
  explicit Cleaner(Sink sink) : sink_(std::move(sink)) {}

  // `paragraphs`: white space collapsed. Duplicates of earlier paragraphs are dropped: first wins.
  // Documents of fewer than `minimum_words` words are dropped; the others have no split yet.
  void add(const std::string& source, const std::string& id,
           const std::vector<std::string>& paragraphs, int64_t minimum_words);
  // Reason -> paragraphs or documents dropped so far.
  const std::map<std::string, int64_t>& dropped() const { return dropped_; }

 private:
  Sink sink_;
  std::unordered_set<std::string> seen_;
  std::map<std::string, int64_t> dropped_;
};

}  // namespace repro::data
