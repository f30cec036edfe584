(* The layer file of the user, JSON: {"W": [...], "b": [...]}, or alpha in place of b, or neither. A string is the
   rational that it spells; a bare integer is exact; a bare decimal is the float64 that JSON means by it. *)

open Faults
open Json

let pow10 k = Z.pow (Z.of_int 10) k

let spelled place text =
  let wrong () = unreadable "layer file: %s: expected a finite number or a string like \"1/2\" or \"0.1\", found %s" place (show (Text text)) in
  let text = String.trim text in
  let n = String.length text in
  let signed = n > 0 && (text.[0] = '-' || text.[0] = '+') in
  let from = if signed then 1 else 0 in
  let sign q = if signed && text.[0] = '-' then Q.neg q else q in
  match String.index_opt text '/' with
  | Some k ->
      if not (Numbers.digits text from k && Numbers.digits text (k + 1) n) then wrong ();
      let bottom = Z.of_substring text ~pos:(k + 1) ~len:(n - k - 1) in
      if Z.equal bottom Z.zero then wrong ();
      sign (Q.make (Z.of_substring text ~pos:from ~len:(k - from)) bottom)
  | None ->
      let e = match String.index_opt (String.lowercase_ascii text) 'e' with Some k -> k | None -> n in
      let point = match String.index_opt text '.' with Some k when k < e -> k | _ -> e in
      let decimals = if point < e then String.sub text (point + 1) (e - point - 1) else "" in
      let all = String.sub text from (point - from) ^ decimals in
      if not (Numbers.digits all 0 (String.length all)) then wrong ();
      let exponent =
        if e = n then 0
        else match int_of_string_opt (String.sub text (e + 1) (n - e - 1)) with Some k when abs k <= 99_999 -> k | _ -> wrong () in
      let shift = exponent - String.length decimals in
      let whole = Z.of_string all in
      sign (if shift >= 0 then Q.of_bigint (Z.mul whole (pow10 shift)) else Q.make whole (pow10 (-shift)))

let entry place value : Q.t =
  match value with
  | Number z -> Q.of_bigint z
  | Float f -> Q.of_float f
  | Text t -> spelled place t
  | _ -> unreadable "layer file: %s: expected a finite number or a string like \"1/2\" or \"0.1\", found %s" place (show value)

let rational (q : Q.t) : Checker.q = { qnum = Q.num q; qden = Q.den q }

let vector place = function
  | List l -> List.map (fun v -> entry place v) l
  | found -> unreadable "layer file: %s: expected a list of numbers, found %s" place (show found)

(* The keys and values of the file. *)
let members path =
  let channel = try open_in_bin path with Sys_error reason -> unreadable "layer file: cannot be opened: %s" reason in
  let r = reader ~floats:true channel in
  let found = try value r with Unreadable text -> unreadable "layer file: %s" text in
  close_in channel;
  match found with Object m -> m | _ -> unreadable "layer file: expected an object with the arrays of the layer"

(* What a file of another kind has, with that kind in front of every fault. *)
let read_other kind make path =
  try make (members path)
  with Unreadable text ->
    let prefix = "layer file:" in
    let n = String.length prefix in
    let rest = if String.starts_with ~prefix text then String.sub text n (String.length text - n) else " " ^ text in
    unreadable "%s file:%s" kind rest

(* W and b. *)
let read path =
  let members = members path in
  let ours name = match name with "weight" -> "W" | "bias" -> "b" | other -> other in
  let members = List.filter (fun (_, v) -> v <> Null) (List.map (fun (name, v) -> (ours name, v)) members) in
  let names = List.sort compare (List.map fst members) in
  if not (List.mem names [ [ "W" ]; [ "W"; "b" ]; [ "W"; "alpha" ] ]) then
    unreadable "layer file: expected W and at most one of b and alpha";
  let rows =
    match List.assoc "W" members with
    | List (first :: rest) -> List.mapi (fun i row -> vector (Printf.sprintf "W[%d]" i) row) (first :: rest)
    | _ -> unreadable "layer file: W: expected a matrix: at least one row, of equal length and not empty" in
  let n = List.length (List.hd rows) in
  if n = 0 || List.exists (fun row -> List.length row <> n) rows then
    unreadable "layer file: W: expected a matrix: at least one row, of equal length and not empty";
  let m = List.length rows in
  let bias =
    match (List.assoc_opt "b" members, List.assoc_opt "alpha" members) with
    | Some b, _ -> vector "b" b
    | None, Some alpha -> List.map Q.neg (vector "alpha" alpha)
    | None, None -> List.map (fun _ -> Q.zero) rows in
  if List.length bias <> m then unreadable "layer file: b: expected one number for each of the %d rows of W" m;
  (List.map (List.map rational) rows, List.map rational bias)
