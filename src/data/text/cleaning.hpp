#pragma once
// From the paragraphs of one page, article or book to documents: filter, exact duplicates over the
// whole corpus, cutting of long texts, and the split by the MD5 of the text.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "data/text/document.hpp"

namespace repro::data {

using Sink = std::function<void(Document&&)>;

// k = first 8 hex digits of the MD5 modulo 100: 0 is valid, 1 is test, all else train.
std::string split_of(std::string_view text);

class Cleaner {
 public:
  Cleaner(int64_t minimum_words, Sink sink)
      : minimum_words_(minimum_words), sink_(std::move(sink)) {}

  // `paragraphs`: white space collapsed. Duplicates of earlier paragraphs are dropped: first wins.
  void add(const std::string& source, const std::string& id,
           const std::vector<std::string>& paragraphs);
  // Reason -> paragraphs or documents dropped so far.
  const std::map<std::string, int64_t>& dropped() const { return dropped_; }

 private:
  void emit(const std::string& source, const std::string& id, int64_t piece, std::string text,
            int64_t words);

  int64_t minimum_words_;
  Sink sink_;
  std::unordered_set<std::string> seen_;
  std::map<std::string, int64_t> dropped_;
};

}  // namespace repro::data
