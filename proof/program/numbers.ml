(* Rationals in canonical form, and as the extracted checker has them. *)

open Faults
open Json

let digits text from upto =
  let i = ref from in
  while !i < upto && is_digit text.[!i] do incr i done;
  upto > from && !i >= upto

(* [1-9][0-9]*, or 0 where that may be. *)
let is_natural ?(zero = false) text from upto =
  digits text from upto && (text.[from] <> '0' || (zero && upto = from + 1))

let integer place text from upto =
  if upto - from > longest_number then
    unreadable "%s: found a number of %d digits, expected at most %d" place (upto - from) longest_number;
  Z.of_substring text ~pos:from ~len:(upto - from)

let rational place value : Checker.q =
  let wrong () = unreadable "%s: expected a string with a rational in canonical form, found %s" place (show value) in
  match value with
  | Text text ->
      let n = String.length text in
      let negative = n > 0 && text.[0] = '-' in
      let from = if negative then 1 else 0 in
      let slash = match String.index_opt text '/' with Some k -> k | None -> n in
      if not (is_natural ~zero:(not negative) text from slash) then wrong ();
      if slash < n && not (is_natural text (slash + 1) n) then wrong ();
      let top = integer place text from slash in
      let top = if negative then Z.neg top else top in
      let bottom = if slash < n then integer place text (slash + 1) n else Z.one in
      if slash < n && not (Z.gt bottom Z.one && Z.equal (Z.gcd top bottom) Z.one) then wrong ();
      { qnum = top; qden = bottom }
  | _ -> wrong ()

let rationals place count value =
  match value with
  | List l when (match count with Some n -> List.compare_length_with l n = 0 | None -> l <> []) ->
      List.map (rational place) l
  | _ ->
      let expected = match count with Some n -> string_of_int n | None -> "n" in
      unreadable "%s: expected a list of %s rationals, found %s" place expected (show value)

let whole z : Checker.q = { qnum = z; qden = Z.one }
let equal (a : Checker.q) (b : Checker.q) = Z.equal a.qnum b.qnum && Z.equal a.qden b.qden

let rec nat_of k : Checker.nat = if k = 0 then O else S (nat_of (k - 1))
