"""Finds small changes that could be made to a C++ source, and writes a source that holds many of them, each behind a
switch: `(mutant(17) ? (a <= b) : (a < b))`. Works on tokens: the house style puts blanks around binary operators, so
`a < b` is a comparison and `vector<int>` is none. What does not compile is dropped by whoever builds."""

import hashlib
import re
from dataclasses import dataclass

TOKEN = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<text>R"\((?:.*?)\)"|R"sh\((?:.*?)\)sh"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\')'
    r'|(?P<blank>\s+)|(?P<number>\b\d[\w.\']*(?:(?<=e)-\d+)?)|(?P<word>[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*)'
    r'|(?P<op><=>|->|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||\+=|-=|\*=|/=|::|.)', re.S)
OPEN, CLOSE = {'(': ')', '[': ']', '{': '}'}, {')', ']', '}'}
LOGIC, COMPARE, SUM, PRODUCT = {'&&', '||'}, {'<', '<=', '>', '>=', '==', '!='}, {'+', '-'}, {'*', '/', '%'}
ASSIGN = {'=', '+=', '-=', '*=', '/=', '<<', '>>'}
OTHER = {'<': '<=', '<=': '<', '>': '>=', '>=': '>', '==': '!=', '!=': '==', '&&': '||', '||': '&&', '+': '-',
         '-': '+', '*': '/', '/': '*'}
CALLS = {'std::min': 'std::max', 'std::max': 'std::min', 'std::all_of': 'std::any_of', 'std::any_of': 'std::all_of',
         'std::floor': 'std::ceil', 'std::ceil': 'std::floor', 'std::lower_bound': 'std::upper_bound',
         'std::min_element': 'std::max_element', 'std::max_element': 'std::min_element', 'std::abs': ''}
NO_STATEMENT = {'return', 'if', 'for', 'while', 'const', 'auto', 'throw', 'using', 'static', 'case', 'break', 'continue',
                'switch', 'do', 'else', 'constexpr', 'static_assert', 'template', 'struct', 'class', 'enum', 'default',
                'check', 'try', 'catch', 'public', 'private', 'protected', 'typename', 'namespace', 'friend'}
MESSAGES = {'throw', 'fmt::format', 'fmt::print', 'problems', 'problems_', 'check', 'static_assert', 'CAPTURE'}


@dataclass
class Token:
    kind: str
    text: str
    start: int
    end: int
    spaced: bool = False  # a blank before and after


@dataclass
class Mutant:
    path: str
    kind: str
    start: int
    end: int
    before: str
    after: str  # replaces the text from start to end
    line: int
    number: int = 0
    raw: bool = False  # `after` holds the switch itself

    def __str__(self):
        return f'{self.path}:{self.line}: {self.kind}: {self.before} => {self.after}'

    def folder(self):
        return self.path.split('/')[1]

    def key(self):
        return hashlib.sha1(f'{self.path}|{self.kind}|{self.before}|{self.after}'.encode()).hexdigest()


def flat(text):
    return ' '.join(text.split())


# Arguments of one type are often called alike: a.n and b.n, low and high hours.
def alike(one, other):
    if max(len(one), len(other)) <= 3:
        return True
    return one[:3] == other[:3] or one[-3:] == other[-3:]


def tokens_of(code):
    found = []
    for match in TOKEN.finditer(code):
        if match.lastgroup in ('comment', 'blank'):
            continue
        start, end = match.span()
        spaced = code[start - 1:start] in (' ', '\n') and code[end:end + 1] in (' ', '\n')
        found.append(Token(match.lastgroup, match.group(), start, end, spaced))
    return found


class Finder:
    def __init__(self, path, code):
        self.path, self.code = path, code
        # Of the same length, without what the compiler's first pass reads.
        self.tokens = tokens_of(re.sub(r'^#[^\n]*', lambda m: ' ' * len(m.group()), code, flags=re.M))
        self.partner = self.brackets()
        self.in_body = self.bodies()
        self.silent = self.messages()
        self.mutants = []

    def brackets(self):
        partner, stack = {}, []
        for i, token in enumerate(self.tokens):
            if token.text in OPEN:
                stack.append(i)
            elif token.text in CLOSE and stack:
                partner[i] = stack.pop()
                partner[partner[i]] = i
        return partner

    # A brace after ')' (and const, noexcept, ...) begins a body; one within a body belongs to it.
    def bodies(self):
        inside, ends = [], []
        for i, token in enumerate(self.tokens):
            while ends and i > ends[-1]:
                ends.pop()
            if token.text == '{' and not ends:
                k = i - 1
                while k > 0 and self.tokens[k].text in ('const', 'noexcept', 'override', 'mutable', 'final'):
                    k -= 1
                if self.tokens[k].text == ')' and i in self.partner:
                    ends.append(self.partner[i])
            inside.append(bool(ends))
        return inside

    # What only makes a message, and what must be known when it is compiled.
    def messages(self):
        silent = [False] * len(self.tokens)
        for i, token in enumerate(self.tokens):
            until = None
            if token.text in ('throw', 'constexpr', 'static_assert', 'using', 'enum', 'template'):
                until = next((k for k in range(i, len(self.tokens)) if self.tokens[k].text in (';', '{')), None)
            elif token.text == 'case':
                until = next((k for k in range(i, len(self.tokens)) if self.tokens[k].text == ':'), None)
            elif token.text in MESSAGES or token.text == 'Error':
                k = next((k for k in range(i, min(i + 4, len(self.tokens))) if self.tokens[k].text == '('), None)
                until = self.partner.get(k) if k else None
            for k in range(i, until + 1 if until else i):
                silent[k] = True
        return silent

    # The end of the operand that lies on one side of the token at `at`, stopping at `stops`.
    def operand(self, at, step, stops):
        i = at + step
        edge = None
        while 0 <= i < len(self.tokens):
            token = self.tokens[i]
            if step > 0 and token.text in OPEN or step < 0 and token.text in CLOSE:
                if i not in self.partner:
                    return None
                i = self.partner[i]
            elif token.text in OPEN or token.text in CLOSE or token.text in (',', ';', '?', ':', 'return', 'case'):
                break
            elif token.text in stops and (token.spaced or token.text in ASSIGN):
                break
            edge = i
            i += step
        return edge

    def add(self, kind, first, last, after, start=None):
        begin, end = self.tokens[first].start, self.tokens[last].end
        before = self.code[begin:end]
        if '//' in before or '\n#' in before or len(before) > 400 or any(self.silent[first:last + 1]):
            return
        line = self.code.count('\n', 0, self.tokens[start if start is not None else first].start) + 1
        self.mutants.append(Mutant(self.path, kind, begin, end, flat(before), flat(after), line))

    def text(self, first, last):
        return self.code[self.tokens[first].start:self.tokens[last].end]

    def binary(self, i, token):
        for group, stops in ((LOGIC, {'||'} if token.text == '&&' else set()), (COMPARE, LOGIC),
                             (SUM, LOGIC | COMPARE), (PRODUCT, LOGIC | COMPARE | SUM)):
            if token.text not in group or not token.spaced:
                continue
            left = self.operand(i, -1, stops | ASSIGN)
            right = self.operand(i, 1, stops | ASSIGN | (group if group in (SUM, PRODUCT) else set()))
            if left is None or right is None:
                continue
            whole = self.text(left, right)
            if group in (SUM, PRODUCT) and ('"' in whole or re.search(r'\b(prefix|path|name|text|suffix)\b|\(\)$', whole)):
                continue  # texts and rules are joined, not added
            if token.text in OTHER:
                self.add('operator', left, right,
                         f'{self.text(left, i - 1)} {OTHER[token.text]} {self.text(i + 1, right)}', i)
            if group in (SUM, PRODUCT, LOGIC):
                kept = self.text(left, i - 1)
                self.add('dropped', left, right, f'static_cast<bool>({kept})' if group is LOGIC else kept, i)

    def condition(self, i, token):
        if token.text in ('if', 'while') and self.tokens[i + 1].text == '(' and i + 1 in self.partner:
            first, last = i + 2, self.partner[i + 1] - 1
            words = {t.text for t in self.tokens[first:last + 1]}
            if first <= last and not words & {';', '=', 'const', 'auto'}:
                self.add('negated', first, last, f'!({self.text(first, last)})')

    def constant(self, i, token):
        near = self.code[token.start - 1] + self.code[token.end:token.end + 1]
        if '<' in near or '>' in near or token.text.startswith('0x'):
            return
        floating = '.' in token.text or re.fullmatch(r'\d+e-?\d+', token.text)
        self.add('constant', i, i, f'2 * {token.text} + 0.01' if floating else f'{token.text} + 1')

    def call(self, i, token):
        if i + 1 >= len(self.tokens) or self.tokens[i + 1].text != '(' or i + 1 not in self.partner:
            return
        end = self.partner[i + 1]
        if token.text in CALLS:
            self.add('call', i, end, CALLS[token.text] + self.text(i + 1, end))
        commas, k = [], i + 2
        while k < end:
            if self.tokens[k].text in OPEN:
                k = self.partner[k]
            elif self.tokens[k].text == ',':
                commas.append(k)
            k += 1
        edges = [i + 1] + commas + [end]
        parts = [(a + 1, b - 1) for a, b in zip(edges, edges[1:])]
        for (a, b), (c, d) in zip(parts, parts[1:]):
            plain = all(t.kind == 'word' or t.text in ('.', '->', '*', '&')
                        for t in self.tokens[a:b + 1] + self.tokens[c:d + 1])
            plain = plain and alike(self.text(a, b), self.text(c, d))
            if token.text in ('std::min', 'std::max'):
                continue
            if plain and a <= b and c <= d and self.text(a, b) != self.text(c, d) and self.tokens[i - 1].kind != 'word':
                first = i
                while first > 1 and self.tokens[first - 1].text in ('.', '->') and self.tokens[first - 2].kind == 'word':
                    first -= 2
                if self.tokens[first - 1].text in ('.', '->', '>'):
                    continue
                self.add('swapped', first, end, self.text(first, a - 1) + self.text(c, d) + ', ' + self.text(a, b) +
                         self.text(d + 1, end), i)

    def statement(self, i, token):
        before = self.tokens[i - 1].text if i else ';'
        if token.kind != 'word' or token.text in NO_STATEMENT or before not in (';', '{', '}', ')', 'else'):
            return
        if before == ')' and self.tokens[self.partner[i - 1] - 1].text not in ('if', 'for', 'while'):
            return
        k = i
        while k < len(self.tokens) and self.tokens[k].text not in (';', '{', '}', '(', '=', '+=', '-=', '*=', '/='):
            if self.tokens[k].kind == 'word' and self.tokens[k + 1].kind == 'word':
                return  # a declaration
            k = self.partner.get(k, k) + 1 if self.tokens[k].text == '[' else k + 1
        if k >= len(self.tokens) or self.tokens[k].text in (';', '{', '}'):
            return
        end = k
        while end < len(self.tokens) and self.tokens[end].text != ';':
            if self.tokens[end].text in CLOSE:
                return
            end = self.partner.get(end, end) + 1
        self.add('statement', i, end - 1, 'void()')

    def find(self):
        for i, token in enumerate(self.tokens):
            if not self.in_body[i]:
                continue
            if token.kind == 'op':
                self.binary(i, token)
            if token.kind == 'number':
                self.constant(i, token)
            if token.kind == 'word':
                self.condition(i, token)
                self.call(i, token)
            self.statement(i, token)
        return self.mutants


def find_mutants(path, code):
    return Finder(path, code).find()


def switched(mutant, inside):
    if mutant.raw:
        text = mutant.after.replace('MUTANT', f'::repro_mutant({mutant.number})')
        # Lines keep their numbers, by which what does not compile is found.
        return text.replace('KEPT', inside) if 'KEPT' in text else text + '\n' * inside.count('\n')
    if mutant.kind == 'statement':
        return f'(::repro_mutant({mutant.number}) ? void() : void({inside}))'
    if mutant.kind == 'negated':
        return f'(::repro_mutant({mutant.number}) ? {mutant.after} : static_cast<bool>({inside}))'
    return f'(::repro_mutant({mutant.number}) ? ({mutant.after}) : ({inside}))'


def write(code, mutants):
    """The code with all of `mutants` in it; those that cross another one are left out. Returns the code and those in it."""
    kept, order = [], sorted(mutants, key=lambda m: (m.start, -m.end, m.number))

    def render(begin, end, todo):
        text, at = '', begin
        while todo:
            mutant = todo[0]
            inner = [m for m in todo[1:] if m.start >= mutant.start and m.end <= mutant.end]
            crossing = [m for m in todo[1:] if m.start < mutant.end < m.end]
            rest = [m for m in todo[1:] if m not in inner and m not in crossing]
            kept.append(mutant)
            if mutant.raw and 'KEPT' not in mutant.after:
                inner = []  # they would be out of sight
            text += code[at:mutant.start] + switched(mutant, render(mutant.start, mutant.end, inner))
            at, todo = mutant.end, rest
        return text + code[at:end]

    return render(0, len(code), order), kept
