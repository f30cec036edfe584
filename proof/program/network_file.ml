(* The network file of the user, JSON: layers, each with W, perhaps b and the activation; and the block file: A, B and perhaps b.
   Numbers are read as in a layer file. *)

open Faults
open Json

type layer = { w : Checker.q list list; b : Checker.q list; slopes : Checker.q list }
type block = { a : Checker.q list list; back : Checker.q list list; bias : Checker.q list }

let number place value = Layer_file.rational (Layer_file.entry place value)

let matrix place = function
  | Some (List (List (_ :: _ as first) :: _ as rows))
    when List.for_all (function List l -> List.compare_lengths l first = 0 | _ -> false) rows ->
      List.map (function List l -> List.map (number place) l | _ -> []) rows
  | _ -> unreadable "layer file: %s: expected a matrix: at least one row, of equal length and not empty" place

(* One number for each of the rows; missing or null means 0. *)
let bias place count value =
  match value with
  | None | Some Null -> List.init count (fun _ -> Numbers.whole Z.zero)
  | Some (List l) when List.compare_length_with l count = 0 -> List.map (number place) l
  | _ -> unreadable "layer file: %s: expected one number for each of the %d rows" place count

let require_names place known needed members =
  let names = List.map fst members in
  let once = List.length (List.sort_uniq compare names) = List.length names in
  if not (once && List.for_all (fun n -> List.mem n names) needed && List.for_all (fun n -> List.mem n known) names) then
    unreadable "layer file: %s: expected the keys %s" place (String.concat ", " known)

let slopes place count value =
  let all q = List.init count (fun _ -> q) in
  match value with
  | None | Some (Text "relu") -> all (Numbers.whole Z.zero)
  | Some (Text "none") -> all (Numbers.whole Z.one)
  | Some (Object [ ("leaky", List l) ]) when List.compare_length_with l count = 0 -> List.map (number place) l
  | Some (Object [ ("leaky", ((Number _ | Float _ | Text _) as one)) ]) -> all (number place one)
  | _ -> unreadable "layer file: %s: expected the activation \"relu\", \"none\" or {\"leaky\": slope}" place

let layer k = function
  | Object members ->
      let place = Printf.sprintf "layers[%d]" k in
      require_names place [ "W"; "b"; "activation" ] [ "W" ] members;
      let found name = List.assoc_opt name members in
      let w = matrix place (found "W") in
      let m = List.length w in
      { w; b = bias place m (found "b"); slopes = slopes place m (found "activation") }
  | _ -> unreadable "layer file: layers[%d]: expected an object with W and perhaps b and activation" k

let network members =
  match members with
  | [ ("layers", List (_ :: _ as found)) ] ->
      let layers = List.mapi layer found in
      ignore
        (List.fold_left
           (fun before l ->
             (match before with
              | Some rows when rows <> List.length (List.hd l.w) -> unreadable "layer file: expected as many columns as the layer before has rows"
              | _ -> ());
             Some (List.length l.w))
           None layers);
      layers
  | _ -> unreadable "layer file: expected layers alone, a list that is not empty, as the certificate is about a network"

let block members =
  require_names "the block" [ "A"; "B"; "b" ] [ "A"; "B" ] members;
  let found name = List.assoc_opt name members in
  let a = matrix "A" (found "A") and back = matrix "B" (found "B") in
  let k = List.length a and n = List.length (List.hd a) in
  if List.length back <> n || List.length (List.hd back) <> k then unreadable "layer file: B: expected shape %d x %d" n k;
  let column = match found "b" with
    | Some (List (List [ _ ] :: _ as l)) when List.for_all (function List [ _ ] -> true | _ -> false) l ->
        Some (List (List.map (function List [ one ] -> one | other -> other) l))
    | other -> other in
  { a; back; bias = bias "b" k column }

let read_network = Layer_file.read_other "network" network
let read_block = Layer_file.read_other "block" block
