(* JSON, piece by piece: the document is read element by element and never held as a whole. *)

open Faults

type value = Null | Bool of bool | Number of Z.t | Float of float | Text of string | List of value list | Object of (string * value) list

let longest_number = 1_000_000 (* decimal digits *)
let deepest = 900 (* lists in lists *)

type reader = { channel : in_channel; buffer : Bytes.t; mutable filled : int; mutable at : int; mutable dropped : int; floats : bool }

(* [start] are bytes of the channel that were read before. *)
let reader ?(floats = false) ?(start = "") channel =
  let buffer = Bytes.create 65536 and filled = String.length start in
  Bytes.blit_string start 0 buffer 0 filled;
  { channel; buffer; filled; at = 0; dropped = 0; floats }

let malformed r format =
  Printf.ksprintf (fun text -> unreadable "character %d: %s" (r.dropped + r.at) text) format

(* The next byte, left unread; '\000' at the end of the document, where [at_end] is true. *)
let refill r =
  r.dropped <- r.dropped + r.filled;
  r.at <- 0;
  r.filled <- (try input r.channel r.buffer 0 (Bytes.length r.buffer)
               with Sys_error reason -> unreadable "cannot be read to its end: %s" reason);
  r.filled > 0

let at_end r = r.at >= r.filled && not (refill r)
let byte r = if at_end r then '\000' else Bytes.unsafe_get r.buffer r.at
let skip r = r.at <- r.at + 1

let rec peek r =
  match byte r with
  | ' ' | '\t' | '\n' | '\r' when not (at_end r) -> skip r; peek r
  | c -> c

let is_digit c = c >= '0' && c <= '9'

(* Digits of an integer of any length: a short one without a detour. *)
let number r =
  let negative = byte r = '-' in
  if negative then skip r;
  if not (is_digit (byte r)) then malformed r "not JSON, or truncated (Expecting value)";
  let text = Buffer.create 24 in
  if negative then Buffer.add_char text '-';
  let rec digits small count =
    let c = byte r in
    if is_digit c then begin
      if count = 1 && small = 0 then malformed r "not JSON (a number that starts with 0)";
      if count < 17 then (skip r; Buffer.add_char text c; digits ((10 * small) + Char.code c - 48) (count + 1))
      else (skip r; Buffer.add_char text c; digits small (count + 1))
    end
    else (small, count)
  in
  let small, count = digits 0 0 in
  match byte r with
  | '.' | 'e' | 'E' ->
      if not r.floats then malformed r "expected an integer, found a number with fraction or exponent, NaN or Infinity";
      let rec rest () =
        match byte r with
        | ('0' .. '9' | '.' | 'e' | 'E' | '+' | '-') as c -> Buffer.add_char text c; skip r; rest ()
        | _ -> () in
      rest ();
      (match float_of_string_opt (Buffer.contents text) with
       | Some f when Float.is_finite f -> Float f
       | _ -> malformed r "expected finite numbers")
  | _ ->
      if count > longest_number then
        malformed r "found a number of %d digits, expected at most %d" count longest_number;
      Number (if count <= 17 then Z.of_int (if negative then -small else small) else Z.of_string (Buffer.contents text))

(* Whether the bytes are UTF-8. *)
let is_utf_8 text =
  let n = String.length text in
  let behind i low high = i < n && text.[i] >= low && text.[i] <= high in
  let tail i = behind i '\x80' '\xbf' in
  let rec go i =
    i >= n
    ||
    match text.[i] with
    | '\x00' .. '\x7f' -> go (i + 1)
    | '\xc2' .. '\xdf' -> tail (i + 1) && go (i + 2)
    | '\xe0' -> behind (i + 1) '\xa0' '\xbf' && tail (i + 2) && go (i + 3)
    | '\xed' -> behind (i + 1) '\x80' '\x9f' && tail (i + 2) && go (i + 3)
    | '\xe1' .. '\xef' -> tail (i + 1) && tail (i + 2) && go (i + 3)
    | '\xf0' -> behind (i + 1) '\x90' '\xbf' && tail (i + 2) && tail (i + 3) && go (i + 4)
    | '\xf1' .. '\xf3' -> tail (i + 1) && tail (i + 2) && tail (i + 3) && go (i + 4)
    | '\xf4' -> behind (i + 1) '\x80' '\x8f' && tail (i + 2) && tail (i + 3) && go (i + 4)
    | _ -> false
  in
  go 0

let hex r =
  let rec go k code =
    if k = 0 then code
    else
      let c = byte r in
      let digit =
        match c with
        | '0' .. '9' -> Char.code c - 48
        | 'a' .. 'f' -> Char.code c - 87
        | 'A' .. 'F' -> Char.code c - 55
        | _ -> malformed r "not JSON, or truncated (Invalid \\uXXXX escape)" in
      skip r; go (k - 1) ((16 * code) + digit)
  in
  go 4 0

(* On to the first byte in the buffer that is not itself in a string: most strings are numbers of many digits. *)
let skip_plain r =
  while
    r.at < r.filled
    && (let c = Bytes.unsafe_get r.buffer r.at in c >= ' ' && c < '\x7f' && c <> '"' && c <> '\\')
  do r.at <- r.at + 1 done

(* A text behind its first quote: most are plain and end in the buffer. *)
let rec text r =
  skip r;
  let from = r.at in
  skip_plain r;
  if r.at < r.filled && Bytes.unsafe_get r.buffer r.at = '"' then begin
    let found = Bytes.sub_string r.buffer from (r.at - from) in
    skip r;
    found
  end
  else (r.at <- from; other_text r)

and other_text r =
  let out = Buffer.create 32 and ascii = ref true in
  let rec go () =
    let from = r.at in
    skip_plain r;
    Buffer.add_subbytes out r.buffer from (r.at - from);
    let c = byte r in
    if c = '\000' && at_end r then malformed r "not JSON, or truncated (Unterminated string)";
    skip r;
    match c with
    | '"' -> Buffer.contents out
    | '\\' -> escape (); go ()
    | c when c < ' ' -> malformed r "not JSON (Invalid control character)"
    | c -> ascii := !ascii && c < '\x80'; Buffer.add_char out c; go ()
  and escape () =
    let c = byte r in
    skip r;
    match c with
    | '"' | '\\' | '/' -> Buffer.add_char out c
    | 'b' -> Buffer.add_char out '\b'
    | 'f' -> Buffer.add_char out '\012'
    | 'n' -> Buffer.add_char out '\n'
    | 'r' -> Buffer.add_char out '\r'
    | 't' -> Buffer.add_char out '\t'
    | 'u' ->
        let code = hex r in
        (* Surrogates stand in no key and no number of a certificate: any other character will do for them. *)
        Buffer.add_utf_8_uchar out (if Uchar.is_valid code then Uchar.of_int code else Uchar.rep)
    | _ -> malformed r "not JSON, or truncated (Invalid \\escape)"
  in
  let found = go () in
  if not (!ascii || is_utf_8 found) then
    unreadable "not UTF-8 text: expected JSON, plain or gzip";
  found

let word r letters result =
  String.iter (fun c -> if byte r = c then skip r else malformed r "not JSON, or truncated (Expecting value)") letters;
  result

let rec value_at r depth =
  if depth > deepest then malformed r "nested too deeply for a certificate";
  match peek r with
  | '"' -> Text (text r)
  | '[' -> skip r; if peek r = ']' then (skip r; List []) else List (elements r depth [])
  | '{' -> skip r; if peek r = '}' then (skip r; Object []) else Object (members r depth [])
  | 't' -> word r "true" (Bool true)
  | 'f' -> word r "false" (Bool false)
  | 'n' -> word r "null" Null
  | '-' | '0' .. '9' -> number r
  | 'N' | 'I' -> malformed r "expected an integer, found a number with fraction or exponent, NaN or Infinity"
  | _ -> malformed r "not JSON, or truncated (Expecting value)"

and elements r depth before =
  let before = value_at r (depth + 1) :: before in
  match peek r with
  | ',' -> skip r; elements r depth before
  | ']' -> skip r; List.rev before
  | _ -> malformed r "not JSON, or truncated (Expecting ',' delimiter)"

and members r depth before =
  if peek r <> '"' then malformed r "not JSON, or truncated (Expecting property name enclosed in double quotes)";
  let name = text r in
  if peek r <> ':' then malformed r "not JSON, or truncated (Expecting ':' delimiter)";
  skip r;
  let before = (name, value_at r (depth + 1)) :: before in
  match peek r with
  | ',' -> skip r; members r depth before
  | '}' -> skip r; List.rev before
  | _ -> malformed r "not JSON, or truncated (Expecting ',' delimiter)"

let value r = value_at r 0

(* A value in a message: short, on one line. *)
let show = function
  | Null -> "null"
  | Bool b -> string_of_bool b
  | Number z -> if Z.numbits z > 128 then Printf.sprintf "an integer of %d bits" (Z.numbits z) else Z.to_string z
  | Float f -> string_of_float f
  | Text t -> Printf.sprintf "'%s'%s" (if String.length t <= 40 then t else String.sub t 0 40) (if String.length t <= 40 then "" else "...")
  | List l -> Printf.sprintf "a list of %d" (List.length l)
  | Object _ -> "an object"

(* Take the next character, which must be one of these. *)
let expect r characters =
  let c = peek r in
  if c <> '\000' && String.contains characters c then (skip r; c)
  else
    let wanted = String.concat " or " (List.map (String.make 1) (List.of_seq (String.to_seq characters))) in
    malformed r "expected %s, found %s" wanted (if at_end r then "the end" else Printf.sprintf "'%c'" c)

(* Take the punctuation, then one of these keys and its colon. *)
let key r before names =
  ignore (expect r before);
  let found = value r in
  match found with
  | Text name when List.mem name names -> ignore (expect r ":"); name
  | _ -> malformed r "expected the key \"%s\", found %s" (String.concat "\" or \"" names) (show found)

let one_of r before name allowed =
  ignore (key r before [ name ]);
  match value r with
  | Text found when List.mem found allowed -> found
  | found ->
      let wanted = String.concat " or " (List.map (fun t -> show (Text t)) allowed) in
      malformed r "\"%s\": expected %s, found %s" name wanted (show found)

let size r before name =
  ignore (key r before [ name ]);
  match value r with
  | Number z when Z.sign z > 0 -> z
  | found -> malformed r "\"%s\": expected a positive integer, found %s" name (show found)

(* The elements of a list, one by one: None at its end. An element is taken after or before the sign behind it is read. *)
let items ?(ahead = false) r =
  ignore (expect r "[");
  let state = ref (if peek r = ']' then (skip r; `End) else `Here) in
  let after () = state := if expect r ",]" = ',' then `Here else `End in
  fun () ->
    if !state = `Behind then after ();
    if !state = `End then None
    else
      let found = value r in
      if ahead then after () else state := `Behind;
      Some found

let finish r =
  ignore (expect r "}");
  let c = peek r in
  if not (at_end r) then malformed r "expected the end of the document, found '%c'" c
