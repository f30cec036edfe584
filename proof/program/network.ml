(* Certificates about dense networks: the network, and the rules collision, cell-pairs and composition. *)

open Faults
open Json

(* ------------------------------------------------------------------ the network *)

let vector r digest before name count place =
  ignore (key r "," [ name ]);
  let found = value r in
  let values = Numbers.rationals (Printf.sprintf "%s: %s" place name) (Some count) found in
  Sha256.add digest (Printf.sprintf "%s,\"%s\":%s" before name (Certificate.quoted (Certificate.texts found)));
  values

let read_network_layer r digest number columns : Network_file.layer =
  let place = Printf.sprintf "dense_network.layers %d" number in
  Sha256.add digest (if number > 0 then ",{\"W\":[" else "{\"W\":[");
  ignore (key r "{" [ "W" ]);
  let next = items ~ahead:true r in
  let rec rows i before =
    match next () with
    | None -> List.rev before
    | Some found ->
        if i > 0 then Sha256.add digest ",";
        let w = Numbers.rationals (Printf.sprintf "%s: W row %d" place i) (Some columns) found in
        Sha256.add digest (Certificate.quoted (Certificate.texts found));
        rows (i + 1) (w :: before) in
  let w = rows 0 [] in
  if w = [] then malformed r "%s: expected at least one row, found none" place;
  let m = List.length w in
  let b = vector r digest "]" "b" m place in
  let slopes = vector r digest "" "slopes" m place in
  ignore (expect r "}");
  Sha256.add digest "}";
  { w; b; slopes }

let same_lists a b = List.compare_lengths a b = 0 && List.for_all2 Numbers.equal a b
let same_rows a b = List.compare_lengths a b = 0 && List.for_all2 same_lists a b

let require_same (layers : Network_file.layer list) (given : Network_file.layer list) =
  if List.compare_lengths layers given <> 0 then
    rejected "dense_network: found %d layers here and %d in the given network" (List.length layers) (List.length given);
  List.iteri
    (fun k ((l : Network_file.layer), (g : Network_file.layer)) ->
      if not (same_rows l.w g.w && same_lists l.b g.b && same_lists l.slopes g.slopes) then
        rejected "dense_network: layer %d differs from the given network" k)
    (List.combine layers given)

(* The layers, which are those of the given network if there is one, and n. *)
let read_network r given dimension =
  let zn = size r "{" "n" in
  let n = Certificate.int_of zn in
  Certificate.require_dimension r dimension n;
  let stated = Certificate.read_digest r in
  let digest = Sha256.start () in
  Sha256.add digest "{\"layers\":[";
  ignore (key r "," [ "layers" ]);
  ignore (expect r "[");
  let rec layers number columns before =
    let layer = read_network_layer r digest number columns in
    if expect r ",]" = ',' then layers (number + 1) (List.length layer.w) (layer :: before) else List.rev (layer :: before) in
  let found = if peek r = ']' then (skip r; []) else layers 0 n [] in
  if found = [] then malformed r "dense_network.layers: expected at least one layer, found none";
  ignore (expect r "}");
  Sha256.add digest "]}";
  Option.iter (require_same found) given;
  let sum = Sha256.finish digest in
  if sum <> stated then rejected "dense_network: the SHA-256 of the layers is %s, not the one stated" sum;
  (found, n)

(* As the checker takes it. *)
let checked (layers : Network_file.layer list) =
  let sloped normal (bias, slope) : Checker.sloped_row = { affine_part = Certificate.row normal bias; slope } in
  List.map (fun (l : Network_file.layer) -> List.map2 sloped l.w (List.combine l.b l.slopes)) layers

let nowhere name n m kind : Words.place =
  { name; m; n; functions = m; domain = kind; first_in = Hashtbl.create 1; entries = 0; tokens = 0 }

(* The end of a proof that the checker has looked at. *)
let judged words result reason =
  match result () with Checker.Bad why -> rejected "%s" (words why) | Checker.Good () -> reason ()

let collision_words at (why : Checker.reason) =
  match why with
  | OutputsDiffer i -> Printf.sprintf "collision: output %s differs at x and at y" (Words.show i)
  | other -> Words.of_reason at other

(* ------------------------------------------------------------------ cell-pairs *)

let support place = function
  | List l when List.for_all (function Number _ -> true | _ -> false) l ->
      let numbers = List.map (function Number z -> z | _ -> Z.zero) l in
      if List.length (List.sort_uniq Z.compare numbers) < List.length numbers then
        unreadable "%s: a number occurs twice in a support" place;
      numbers
  | found -> unreadable "%s: expected a list of integers, found %s" place (show found)

let cell_item place : value -> Checker.cell_item = function
  | Number z when Z.equal z Z.zero -> BothSigns
  | List (Number s :: rest) ->
      if not (Z.equal (Z.abs s) Z.one) then unreadable "%s: expected the sign 1 or -1, found %s" place (show (Number s));
      OneSign (Z.equal s Z.one, support place (List rest))
  | List l -> CellBounds (List.map (function Null -> None | entry -> Some (support place entry)) l)
  | found -> unreadable "%s: expected 0 or a list, found %s" place (show found)

(* Elements of the list at a key, each read when it is asked for; then what is done at the end. *)
let elements ?(at_end = ignore) r name read : 'a Stream.t =
  let rec stream number next =
    lazy
      (match next () with
       | None -> at_end (); Stream.Done
       | Some found ->
           let element = read number found in
           Stream.More (element, stream (number + 1) next)) in
  lazy (ignore (key r "," [ name ]); Lazy.force (stream 0 (items ~ahead:true r)))

let rec listed s = match Lazy.force s with Stream.Done -> [] | Stream.More (a, rest) -> a :: listed rest

let cell_words (at : Words.place) (why : Checker.reason) =
  let cells format = Printf.ksprintf (fun text -> Printf.sprintf "cells item %d: %s" (at.tokens - 1) text) format in
  let n = Words.show in
  match why with
  | CellsDomain -> Printf.sprintf "cell-pairs: the domain is %s, not R^n, nonneg, box or polytope" at.domain
  | CellsEnd -> Printf.sprintf "cells: the list ends after %d items, before it is complete" at.tokens
  | CellsGoOn -> Printf.sprintf "cells: complete after %d items, but the list goes on" (at.tokens - 1)
  | NeuronExpected i -> cells "expected what neuron %s does, found the bounds of a cell" (n i)
  | NoSuchFunction i -> cells "there is no function %s" (n i)
  | NotOneSign i -> cells "the support does not show that neuron %s has one sign" (n i)
  | RankBelow c -> Printf.sprintf "cell %s: the map has a rank below %d" (n c) at.n
  | BoundsExpected c -> cells "expected the bounds of cell %s, two for each direction" (n c)
  | NoBound -> cells "the support of a bound does not prove one"
  | PairsEnd -> Printf.sprintf "pairs: the list ends after %d items, before it is complete" at.entries
  | PairsGoOn -> Printf.sprintf "pairs: complete after %d items, but the list goes on" (at.entries - 1)
  | PairNotApart (u, v) ->
      Printf.sprintf "pairs item %d, cells %s and %s: the supports do not show that no two points share an output" (at.entries - 1) (n u) (n v)
  | other -> Words.of_reason at other

let judge_cell_pairs r kind domain network n m =
  let at = nowhere "pair" n m kind and cells = ref 0 in
  let direction k found = Numbers.rationals (Printf.sprintf "direction %d" k) (Some m) found in
  let directions = listed (elements r "directions" direction) in
  let cell number found =
    let item = cell_item (Printf.sprintf "cells item %d" number) found in
    at.tokens <- at.tokens + 1;
    (match item with CellBounds _ -> incr cells | _ -> ());
    item in
  let pair number found =
    let place = Printf.sprintf "pairs item %d" number in
    match found with
    | List [ left; right ] ->
        let left = support place left in
        let right = support place right in
        at.entries <- at.entries + 1;
        (left, right)
    | _ -> unreadable "%s: expected two supports, found %s" place (show found) in
  let items = elements r "cells" cell in
  let pairs = elements ~at_end:(fun () -> ignore (expect r "}")) r "pairs" pair in
  judged (cell_words at)
    (fun () -> Checker.check_network (Numbers.nat_of n) domain network (ByCellPairs (directions, items, pairs)))
    (fun () ->
      Printf.sprintf "%d cells cover %s, and no two have an output in common: %d pairs of them by intervals, %d by supports" !cells kind
        ((!cells * (!cells - 1) / 2) - at.entries) at.entries)

(* ------------------------------------------------------------------ composition *)

let judge_composition r kind domain network n =
  let count = ref 0 and layer = ref None in
  let scene : Certificate.scene = { at = nowhere "refuter" n 0 kind; block = None; blocks = 0 } in
  let within text =
    let text = match scene.block with Some k -> Printf.sprintf "block %d: %s" k text | None -> text in
    match !layer with Some k -> Printf.sprintf "layer %d: %s" k text | None -> text in
  let proof kind domain rows n : Checker.layer_proof =
    let rule = one_of r "{" "rule" (List.map fst Certificate.proves) in
    let allowed = [ "flat-tree"; "sign-split"; "blocks" ] in
    if not (List.mem rule allowed) then rejected "the rule \"%s\" cannot stand here, only %s" rule (String.concat ", " allowed);
    match rows with
    | None -> ByRows (CollisionProof ([], [])) (* one proof too many: the checker does not look at it *)
    | Some [] -> rejected "all of its slopes are negative"
    | Some rows ->
        let at, functions = Certificate.start rule kind domain rows n in
        scene.at <- at;
        if rule = "blocks" then begin
          if kind = "polytope" then rejected "blocks: the domain is a polytope";
          ByLayerBlocks (Certificate.read_blocks r scene kind domain rows n)
        end
        else if rule = "flat-tree" then let refuters, tree = Certificate.flat_tree r at functions in ByRows (FlatTreeProof (refuters, tree))
        else let circuits, tree = Certificate.sign_split r at functions in ByRows (SignSplitProof (circuits, tree)) in
  let rec proofs more kind domain layers n : Checker.layer_proof Stream.t =
    lazy
      (layer := None;
       if not more then begin
         if !count = 0 then malformed r "expected at least one layer, found none";
         ignore (expect r "}");
         Stream.Done
       end
       else begin
         layer := Some !count;
         scene.block <- None;
         scene.blocks <- 0;
         let rows, kind', domain', rest, width =
           match layers with
           | [] -> (None, kind, domain, [], n)
           | l :: rest ->
               let next : Checker.domain = Checker.image_domain l in
               (Some (Checker.sloped_rows l), (if next = Checker.Orthant then "nonneg" else "R^n"), next, rest, List.length l) in
         let found = proof kind domain rows n in
         if rows <> None then incr count else layer := None;
         Stream.More (found, lazy (Lazy.force (proofs (expect r ",]" = ',') kind' domain' rest width)))
       end) in
  let start =
    lazy
      (ignore (key r "," [ "layers" ]);
       ignore (expect r "[");
       Lazy.force (proofs (if peek r = ']' then (skip r; false) else true) kind domain network n)) in
  let words (why : Checker.reason) =
    match why with
    | LayersGoOn -> Printf.sprintf "layers: more proofs than the %d layers" !count
    | LayersEnd -> Printf.sprintf "layers: found %d proofs for %d layers" !count (List.length network)
    | NoRows -> within "all of its slopes are negative"
    | other -> within (Words.of_reason scene.at other) in
  match Checker.check_network (Numbers.nat_of n) domain network (ByComposition start) with
  | exception Unreadable text -> unreadable "%s" (within text)
  | exception Rejected text -> rejected "%s" (within text)
  | Checker.Bad why -> rejected "%s" (words why)
  | Checker.Good () -> Printf.sprintf "each of the %d layers is injective on what it gets, and their proofs are correct" !count

(* ------------------------------------------------------------------ the document *)

let judge_collision r kind domain network n m =
  let x, y = Certificate.read_points r n in
  judged (collision_words (nowhere "" n m kind))
    (fun () -> Checker.check_network (Numbers.nat_of n) domain network (NetworkCollision (x, y)))
    (fun () -> Printf.sprintf "x and y differ, lie in %s and have the same output" kind)

let check r given claim kind domain dimension =
  let given = Option.map Network_file.read_network given in
  if List.mem claim [ "alpha_star"; "stability" ] then
    rejected "a certificate about a network cannot have the claim \"%s\"" claim;
  let layers, n = read_network r given dimension in
  let network = checked layers and m = List.length (List.nth layers (List.length layers - 1)).w in
  let reason =
    match Certificate.read_outer_rule r claim with
    | "collision" -> judge_collision r kind domain network n m
    | "cell-pairs" -> judge_cell_pairs r kind domain network n m
    | "composition" -> judge_composition r kind domain network n
    | rule -> rejected "the rule \"%s\" proves nothing about a network" rule in
  finish r;
  reason
