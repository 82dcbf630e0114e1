#include "data/text/splits.hpp"

#include <map>

#include "base/hash.hpp"
#include "data/text/paragraph_filter.hpp"

namespace repro::data {
namespace {

struct Parent {
  int64_t words = 0;
  std::string split = "train";
};

std::string order_key(const Document& document) {
  return md5_hex(document.source + '\n' + document.id);
}

// What is left of a held-out split's share of the words.
class Share {
 public:
  Share(std::string name, int64_t words) : name_(std::move(name)), words_(words) {}
  // Whether the split is not full yet: then it is the parent's turn to go there or to train.
  bool takes(Parent& parent) {
    if (taken_ >= words_) return false;
    if (parent.words * 10 > words_) return true;
    parent.split = name_;
    taken_ += parent.words;
    return true;
  }

 private:
  std::string name_;
  int64_t words_;
  int64_t taken_ = 0;
};

}  // namespace

void assign_splits(std::vector<Document>& documents) {
  std::map<std::string, Parent> parents;
  int64_t total = 0;
  for (const Document& document : documents) {
    const int64_t words = count_words(document.text);
    parents[order_key(document)].words += words;
    total += words;
  }
  Share valid("valid", total * kValidPercent / 100);
  Share test("test", total * kTestPercent / 100);
  for (auto& [key, parent] : parents)
    if (!valid.takes(parent) && !test.takes(parent)) break;
  for (Document& document : documents) document.split = parents.at(order_key(document)).split;
}

std::string split_of_record(std::string_view text) {
  const unsigned long bucket = std::stoul(md5_hex(text).substr(0, 8), nullptr, 16) % 100;
  if (bucket < kValidPercent) return "valid";
  return bucket < kValidPercent + kTestPercent ? "test" : "train";
}

}  // namespace repro::data
