#pragma once
// Items of multiple choice that a corpus gives of itself: of its test split alone, which no
// training reads. What is drawn is counter-based, so the same text gives the same items. Two kinds:
//
//   next_passage  the words that follow, against as many words from three other documents; all four
//                 begin a sentence
//   other_word    a word with what follows it, against another word of equal frequency in its place
//
// A row holds {document, word (where the choices begin), block, context, choices, gold}. Blocks are
// of neighbouring documents: items of one document stand in one block.

#include <filesystem>
#include <string>
#include <vector>

#include "config/task.hpp"
#include "data/tasks/task_items.hpp"

namespace repro::data {

// From the run directory of a finished prepare job. Error when its split gives no item.
std::vector<TaskRow> rows_of_corpus(const config::Task& task,
                                    const std::filesystem::path& prepared);

// The same from texts; none where they give none.
std::vector<nlohmann::ordered_json> next_passages(const std::vector<std::string>& documents,
                                                  const config::TaskMaking& making);
std::vector<nlohmann::ordered_json> other_words(const std::vector<std::string>& documents,
                                                const config::TaskMaking& making);

}  // namespace repro::data
