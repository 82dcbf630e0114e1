#include "data/formats/html.hpp"

#include <gumbo.h>

#include <algorithm>
#include <array>
#include <bit>
#include <csetjmp>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "data/formats/budget.hpp"
#include "data/formats/charset.hpp"
#include "data/formats/nesting.hpp"

namespace repro::data {
namespace {

bool is_skipped(GumboTag tag) {
  switch (tag) {
    case GUMBO_TAG_SCRIPT:
    case GUMBO_TAG_STYLE:
    case GUMBO_TAG_PRE:
    case GUMBO_TAG_NAV:
    case GUMBO_TAG_FOOTER:
    case GUMBO_TAG_HEAD:
    case GUMBO_TAG_SVG:
    case GUMBO_TAG_MATH:
    case GUMBO_TAG_SELECT:
    case GUMBO_TAG_TEXTAREA:
    case GUMBO_TAG_NOSCRIPT:
      return true;
    default:
      return false;
  }
}

bool is_block(GumboTag tag) {
  static const auto kBlocks = [] {
    std::array<bool, GUMBO_TAG_LAST + 1> blocks = {};
    for (GumboTag block :
         {GUMBO_TAG_P,       GUMBO_TAG_DIV,   GUMBO_TAG_LI,     GUMBO_TAG_DD,
          GUMBO_TAG_DT,      GUMBO_TAG_H1,    GUMBO_TAG_H2,     GUMBO_TAG_H3,
          GUMBO_TAG_H4,      GUMBO_TAG_H5,    GUMBO_TAG_H6,     GUMBO_TAG_BLOCKQUOTE,
          GUMBO_TAG_TD,      GUMBO_TAG_TH,    GUMBO_TAG_TR,     GUMBO_TAG_TABLE,
          GUMBO_TAG_UL,      GUMBO_TAG_OL,    GUMBO_TAG_DL,     GUMBO_TAG_SECTION,
          GUMBO_TAG_ARTICLE, GUMBO_TAG_HR,    GUMBO_TAG_CENTER, GUMBO_TAG_BODY,
          GUMBO_TAG_HTML,    GUMBO_TAG_ASIDE, GUMBO_TAG_FIGURE, GUMBO_TAG_FIGCAPTION,
          GUMBO_TAG_CAPTION, GUMBO_TAG_MAIN,  GUMBO_TAG_HEADER, GUMBO_TAG_ADDRESS})
      blocks[block] = true;
    return blocks;
  }();
  return kBlocks[tag];
}

class Collector {
 public:
  // Iterative: damaged pages nest deeper than a stack allows.
  void walk(const GumboNode* root) {
    std::vector<Visit> pending = {{root, false}};
    while (!pending.empty()) {
      const Visit visit = pending.back();
      pending.pop_back();
      if (visit.leaving) {
        end_paragraph();
      } else {
        enter(visit.node, pending);
      }
    }
    end_paragraph();
  }
  std::vector<std::string> paragraphs;

 private:
  struct Visit {
    const GumboNode* node;
    bool leaving;
  };

  void enter(const GumboNode* node, std::vector<Visit>& pending) {
    switch (node->type) {
      case GUMBO_NODE_TEXT:
      case GUMBO_NODE_WHITESPACE:
      case GUMBO_NODE_CDATA:
        append_collapsed(text_, node->v.text.text);
        return;
      case GUMBO_NODE_ELEMENT:
        break;
      default:
        return;
    }
    const GumboElement& element = node->v.element;
    if (is_skipped(element.tag)) return;
    if (element.tag == GUMBO_TAG_BR) append_collapsed(text_, " ");
    if (is_block(element.tag)) {
      end_paragraph();
      pending.push_back({node, true});
    }
    for (unsigned i = element.children.length; i > 0; --i)
      pending.push_back({static_cast<const GumboNode*>(element.children.data[i - 1]), false});
  }

  void end_paragraph() {
    if (text_.ends_with(' ')) text_.pop_back();
    // &#xCCCCCCCC; comes out of the parser as what is no UTF-8.
    if (!text_.empty()) paragraphs.push_back(well_formed(text_));
    text_.clear();
  }

  std::string text_;
};

// What a meta tag says: <meta charset="x"> or content="text/html; charset=x".
std::optional<std::string> declared_charset(std::string_view page) {
  std::string head(page.substr(0, 4096));
  std::transform(head.begin(), head.end(), head.begin(),
                 [](unsigned char c) { return c < 0x80 ? std::tolower(c) : c; });
  const size_t meta = head.find("<meta");
  const size_t key = meta == std::string::npos ? meta : head.find("charset=", meta);
  if (key == std::string::npos) return std::nullopt;
  size_t begin = key + 8;
  while (begin < head.size() && (head[begin] == '"' || head[begin] == '\'')) ++begin;
  const size_t end = head.find_first_of("\"' ;/>", begin);
  if (end == std::string::npos || end == begin) return std::nullopt;
  return head.substr(begin, end - begin);
}

std::string page_as_utf8(std::string_view page) {
  const std::optional<std::string> charset = declared_charset(page);
  if (charset && *charset != "utf-8" && *charset != "utf8") return to_utf8(page, *charset);
  if (is_utf8(page)) return std::string(page);
  return to_utf8(page, charset ? "UTF-8" : "ISO-8859-1");
}

// Memory for one page's tree: some hundred thousand small pieces that die together. They are cut
// from large blocks and kept for reuse by size, which makes parsing half as long as with malloc.
// The parser cannot be told to stop: where the memory is used up the arena jumps out of it, past
// frames of C alone.
class Arena {
 public:
  explicit Arena(size_t most) : most_(most) {}
  std::jmp_buf used_up;

  void* take(size_t bytes) {
    const size_t size = std::bit_ceil(bytes + sizeof(Header));
    Header*& free = free_[std::countr_zero(size)];
    Header* header = free;
    if (header != nullptr) {
      free = header->next;
    } else {
      header = reinterpret_cast<Header*>(cut(size));
    }
    header->size = size;
    return header + 1;
  }

  void give_back(void* piece) {
    if (piece == nullptr) return;
    Header* header = static_cast<Header*>(piece) - 1;
    Header*& free = free_[std::countr_zero(header->size)];
    header->next = free;
    free = header;
  }

 private:
  struct alignas(16) Header {
    size_t size;
    Header* next;
  };

  std::byte* cut(size_t bytes) {
    if (bytes > left_) {
      if (taken_ + std::max(bytes, kBlockBytes) > most_) std::longjmp(used_up, 1);
      left_ = std::max(bytes, kBlockBytes);
      blocks_.emplace_back(new std::byte[left_]);
      next_ = blocks_.back().get();
      taken_ += left_;
    }
    left_ -= bytes;
    return std::exchange(next_, next_ + bytes);
  }

  static constexpr size_t kBlockBytes = 1 << 20;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::byte* next_ = nullptr;
  size_t left_ = 0;
  std::array<Header*, 64> free_ = {};
  size_t most_;
  size_t taken_ = 0;
};

// Null when the tree takes more than the arena may have.
const GumboOutput* parse(const std::string& text, const GumboOptions& options, Arena& arena) {
  if (setjmp(arena.used_up) != 0) return nullptr;
  return gumbo_parse_with_options(&options, text.data(), text.size());
}

GumboOptions options_with(Arena& arena) {
  GumboOptions options = kGumboDefaultOptions;
  options.max_errors = 0;  // each would hold a list of all open elements
  options.userdata = &arena;
  options.allocator = [](void* user, size_t bytes) {
    return static_cast<Arena*>(user)->take(bytes);
  };
  options.deallocator = [](void* user, void* piece) {
    static_cast<Arena*>(user)->give_back(piece);
  };
  return options;
}

// What makes the parser slow or large is told beforehand, as far as it can be seen.
void require_tame(std::string_view page, const config::CorpusLimits& limits,
                  const std::string& where) {
  // A tree takes some ten times its page.
  if (static_cast<int64_t>(page.size()) > limits.memory_bytes / 4)
    fail_limit(where, "a page of " + human_bytes(static_cast<double>(page.size())), "memory_bytes",
               limits.memory_bytes);
  // Many a tag makes the parser look through all open elements.
  constexpr int64_t kPatience = 100'000;
  const Nesting nesting = nesting_of(page);
  if (nesting.deepest > limits.nesting || nesting.sum / kPatience > limits.nesting)
    fail_limit(where, fmt::format("elements nested {} deep", nesting.deepest), "nesting",
               limits.nesting);
}

}  // namespace

std::vector<std::string> html_paragraphs(std::string_view page, const std::string& where,
                                         const config::CorpusLimits& limits) {
  require_tame(page, limits, where);
  const std::string text = page_as_utf8(page);
  Arena arena(static_cast<size_t>(limits.memory_bytes));
  const GumboOutput* output = parse(text, options_with(arena), arena);
  if (output == nullptr)
    fail_limit(where, "too large a tree of elements", "memory_bytes", limits.memory_bytes);
  Collector collector;
  collector.walk(output->root);
  return std::move(collector.paragraphs);
}

}  // namespace repro::data
