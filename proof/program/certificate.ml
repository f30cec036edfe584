(* The document, in its order: it is read while the proved checker takes it. *)

open Faults
open Json

let claims =
  [ "injective"; "not_injective"; "alpha_star"; "injective_if_full_spark"; "injective_for_sizes";
    "not_injective_for_sizes"; "injective_for_sizes_if_full_spark"; "stability" ]

(* What each rule proves. *)
let proves =
  [ ("collision", "not_injective"); ("flat-tree", "injective"); ("sign-split", "injective");
    ("packing", "injective_if_full_spark"); ("blocks", "injective"); ("stages", "injective");
    ("depth-tree", "alpha_star"); ("boxes", "injective_for_sizes"); ("periodic", "not_injective_for_sizes");
    ("patch", "not_injective_for_sizes"); ("geometric", "not_injective_for_sizes"); ("count", "not_injective_for_sizes");
    ("unpaired", "not_injective_for_sizes"); ("p-matrix", "injective"); ("orientation", "injective");
    ("cell-pairs", "injective"); ("composition", "injective"); ("graph-composition", "injective"); ("rank", "injective");
    ("gram", "stability") ]

(* ------------------------------------------------------------------ domain *)

let vector r name count =
  ignore (key r "," [ name ]);
  Numbers.rationals ("domain." ^ name) count (value r)

let radius r =
  ignore (key r "," [ "radius" ]);
  let found = Numbers.rational "domain.radius" (value r) in
  ignore (expect r "}");
  if Z.sign found.qnum <= 0 then rejected "domain: the radius is not positive";
  found

let closed r domain = ignore (expect r "}"); domain

let row normal bias : Checker.row = { normal; bias }
let minus (q : Checker.q) : Checker.q = { q with qnum = Z.neg q.qnum }

let polytope r : Checker.domain * int option =
  ignore (key r "," [ "G" ]);
  let next = items ~ahead:true r in
  let rec halfspaces before =
    match next () with
    | None -> List.rev before
    | Some texts ->
        let count = match before with [] -> None | first :: _ -> Some (List.length first) in
        halfspaces (Numbers.rationals (Printf.sprintf "domain.G row %d" (List.length before)) count texts :: before) in
  let normals = halfspaces [] in
  if normals = [] then malformed r "domain.G: expected at least one halfspace, found none";
  let ends = vector r "h" (Some (List.length normals)) in
  let n = List.length (List.hd normals) in
  let interior = vector r "interior" (Some n) in
  (closed r (Checker.Polytope (List.map2 (fun g h -> row g (minus h)) normals ends, interior)), Some n)

let q (a : Checker.q) = Q.make a.qnum a.qden

(* The words for a domain that the proved checker does not take. *)
let rejected_domain (domain : Checker.domain) =
  let rec first i holds = function [] -> i | a :: rest -> if holds a then i else first (i + 1) holds rest in
  match domain with
  | Box (lower, upper) ->
      let j = first 0 (fun (l, u) -> Q.geq (q l) (q u)) (List.combine lower upper) in
      rejected "domain: the box has lower >= upper in coordinate %d" j
  | Polytope (functions, interior) ->
      let value (f : Checker.row) = List.fold_left2 (fun s g x -> Q.add s (Q.mul (q g) (q x))) (q f.bias) f.normal interior in
      let j = first 0 (fun f -> Q.sign (value f) >= 0) functions in
      rejected "domain: the interior point of the polytope is not strictly inside halfspace %d" j
  | _ -> rejected "domain: it has no interior points"

(* The domain and its dimension, if it has one. *)
let read_domain r claim =
  ignore (key r "," [ "domain" ]);
  let kind = one_of r "{" "type" [ "R^n"; "nonneg"; "box"; "polytope"; "ball"; "nonneg-ball"; "sphere" ] in
  let domain, dimension =
    match kind with
    | "R^n" -> (closed r Checker.Space, None)
    | "nonneg" -> (closed r Checker.Orthant, None)
    | "box" ->
        let lower = vector r "lower" None in
        let n = List.length lower in
        let upper = vector r "upper" (Some n) in
        (closed r (Checker.Box (lower, upper)), Some n)
    | "ball" ->
        let center = vector r "center" None in
        let radius = radius r in
        (Checker.Ball (center, radius), Some (List.length center))
    | "nonneg-ball" -> (Checker.NonnegativeBall (radius r), None)
    | "polytope" -> polytope r
    | _ ->
        let radius = radius r in
        if claim <> "alpha_star" then
          rejected "domain: the claim on a sphere can be \"alpha_star\" only, not \"%s\"" claim;
        (Checker.Sphere radius, None) in
  let n = Numbers.nat_of (Option.value dimension ~default:0) in
  if kind <> "sphere" && Checker.integer_domain_of n domain = None then rejected_domain domain;
  (kind, domain, dimension)

(* ------------------------------------------------------------------ layer *)

let texts = function List l -> List.map (function Text t -> t | _ -> "") l | _ -> []
let quoted l = "[\"" ^ String.concat "\",\"" l ^ "\"]"
let int_of z = if Z.fits_int z then Z.to_int z else max_int

let is_hex text = String.length text = 64 && String.for_all (function '0' .. '9' | 'a' .. 'f' -> true | _ -> false) text

let require_dimension r dimension n =
  match dimension with
  | Some d when d <> n -> malformed r "domain: expected lists of %d rationals, found lists of %d" n d
  | _ -> ()

let read_digest r =
  ignore (key r "," [ "sha256" ]);
  match value r with
  | Text t when is_hex t -> t
  | found -> malformed r "\"sha256\": expected 64 lower-case hex digits, found %s" (show found)

(* The rows, which are those of the given layer if there is one, n, and the digest. *)
let read_layer_and_digest r given dimension =
  let zm = size r "{" "m" in
  let zn = size r "," "n" in
  let m = int_of zm and n = int_of zn in
  require_dimension r dimension n;
  let stated = read_digest r in
  (match given with
   | Some (w, _) when m <> List.length w || n <> List.length (List.hd w) ->
       rejected "layer: W is %s x %s here and %d x %d in the given layer" (show (Number zm)) (show (Number zn))
         (List.length w) (List.length (List.hd w))
   | _ -> ());
  let digest = Sha256.start () in
  Sha256.add digest "{\"W\":[";
  ignore (key r "," [ "W" ]);
  let next = items ~ahead:true r in
  let rec rows i before rest =
    match next () with
    | None -> List.rev before
    | Some found ->
        if i = m then malformed r "layer.W: expected %d rows, found more" m;
        if i > 0 then Sha256.add digest ",";
        let w = Numbers.rationals (Printf.sprintf "layer.W row %d" i) (Some n) found in
        (match rest with
         | g :: _ when not (List.for_all2 Numbers.equal w g) -> rejected "layer: row %d of W differs from the given layer" i
         | _ -> ());
        Sha256.add digest (quoted (texts found));
        rows (i + 1) (w :: before) (match rest with [] -> [] | _ :: rest -> rest) in
  let w = rows 0 [] (match given with Some (w, _) -> w | None -> []) in
  if List.length w <> m then malformed r "layer.W: expected %d rows, found %d" m (List.length w);
  ignore (key r "," [ "b" ]);
  let found = value r in
  let b = Numbers.rationals "layer.b" (Some m) found in
  ignore (expect r "}");
  (match given with
   | Some (_, g) when not (List.for_all2 Numbers.equal b g) -> rejected "layer: b differs from the given layer"
   | _ -> ());
  Sha256.add digest (Printf.sprintf "],\"b\":%s}" (quoted (texts found)));
  let sum = Sha256.finish digest in
  if sum <> stated then rejected "layer: the SHA-256 of W and b is %s, not the one stated" sum;
  (List.map2 row w b, n, sum)

let read_layer r given dimension = let rows, n, _ = read_layer_and_digest r given dimension in (rows, n)

(* ------------------------------------------------------------------ proof *)

let multiplier negative place = function
  | Text t ->
      let from = if negative && t <> "" && t.[0] = '-' then 1 else 0 in
      if not (Numbers.is_natural t from (String.length t)) then None
      else
        let z = Numbers.integer place t from (String.length t) in
        Some (if from = 1 then Z.neg z else z)
  | _ -> None

(* An entry of the list of refuters or circuits, with multipliers. *)
let explicit_entry negative place = function
  | List (_ :: _ as pairs) ->
      let pair = function
        | List [ Number i; k ] -> Option.map (fun k -> (i, k)) (multiplier negative place k)
        | _ -> None in
      List.map
        (fun p -> match pair p with Some p -> p | None -> unreadable "%s: expected pairs like [3, \"12\"], found another entry" place)
        pairs
  | found -> unreadable "%s: expected pairs [row, multiplier], found %s" place (show found)

let codes negative place l =
  List.map
    (function
      | Number z when Z.sign z > 0 || (negative && Z.sign z < 0) -> z
      | _ ->
          unreadable "%s: expected a list of %s, found another entry in it" place
            (if negative then "integers that are not 0" else "positive integers"))
    l

(* The entries, each read when the checker asks for it. *)
let entries r (at : Words.place) functions negative =
  let may_be_compact = key r "," [ at.name ^ "s"; "supports" ] = "supports" in
  let next = items r in
  let rec stream () : (Z.t * Z.t) list Stream.t =
    lazy
      (match next () with
       | None -> Stream.Done
       | Some found ->
           let place = Printf.sprintf "%s %d" at.name at.entries in
           at.entries <- at.entries + 1;
           let entry =
             match found with
             | List (Number _ :: _ as l) when may_be_compact -> Compact.explicit functions place (codes negative place l)
             | _ -> explicit_entry negative place found in
           Stream.More (entry, stream ()))
  in
  stream ()

(* The tokens at the key "tree", then the end of the proof. *)
let tokens ?(within = "") r (at : Words.place) =
  let rec stream next : Z.t Stream.t =
    lazy
      (match next () with
       | None -> ignore (expect r "}"); Stream.Done
       | Some (Number t) ->
           at.tokens <- at.tokens + 1;
           Stream.More (t, stream next)
       | Some found -> unreadable "%stree token %d: expected an integer, found %s" within at.tokens (show found))
  in
  lazy (ignore (key r "," [ "tree" ]); Lazy.force (stream (items ~ahead:true r)))

let read_points r n =
  let point name = ignore (key r "," [ name ]); Numbers.rationals ("proof." ^ name) (Some n) (value r) in
  let x = point "x" in
  let y = point "y" in
  ignore (expect r "}");
  (x, y)

(* A claim that a rule proves besides, with packings inside. *)
let resting = ("injective_for_sizes_if_full_spark", "boxes")

(* The rule of the document's proof, which proves the claim. *)
let read_outer_rule r claim =
  ignore (key r "," [ "proof" ]);
  let rule = one_of r "{" "rule" (List.map fst proves) in
  let proved = List.assoc rule proves in
  if proved <> claim && (claim, rule) <> resting then rejected "the rule \"%s\" proves \"%s\", not the claim \"%s\"" rule proved claim;
  rule

let read_rule r claim =
  match read_outer_rule r claim with
  | ("collision" | "flat-tree" | "sign-split" | "packing" | "blocks" | "depth-tree" | "gram") as rule -> rule
  | "stages" -> rejected "the rule \"stages\" stands inside the rule \"boxes\" only"
  | ("p-matrix" | "orientation") as rule -> rejected "the rule \"%s\" proves something about residual blocks only" rule
  | rule -> rejected "the rule \"%s\" proves something about networks only" rule

(* Where the check of a layer starts, and what entries may name. *)
let start rule kind domain layer n : Words.place * Compact.functions =
  match (Checker.integer_domain_of (Numbers.nat_of n) domain, Checker.integer_rows (Numbers.nat_of n) Z.zero layer) with
  | Some k, Some rows ->
      let f = Compact.functions n k rows in
      let name = if rule = "sign-split" then "circuit" else "refuter" in
      ({ name; m = List.length layer; n; functions = f.explicit; domain = kind; first_in = Hashtbl.create 16; entries = 0; tokens = 0 }, f)
  | _ -> rejected "layer: its numbers do not fit together"

let read_epsilon r kind =
  ignore (key r "," [ "epsilon" ]);
  match value r with
  | Null -> None
  | found ->
      let epsilon = Numbers.rational "epsilon" found in
      if Z.sign epsilon.qnum <= 0 then unreadable "epsilon: expected null or a positive number, found %s" (show found);
      if kind <> "R^n" then rejected "epsilon: a number for a layer on %s, only null can stand there" kind;
      Some epsilon

(* Of a packing: each row with the first refuter that names it. *)
let packing r (at : Words.place) functions =
  let remember pairs =
    let m = Z.of_int at.m and number = at.entries - 1 in
    List.iter (fun (i, _) -> if Z.lt i m && not (Hashtbl.mem at.first_in i) then Hashtbl.add at.first_in i number) pairs in
  let rec watched s =
    lazy
      (match Lazy.force s with
       | Stream.Done -> ignore (expect r "}"); Stream.Done
       | Stream.More (pairs, rest) -> remember pairs; Stream.More (pairs, watched rest)) in
  watched (entries r at functions false)

(* Each refuter with what shows that it bears epsilon. *)
let with_scalings (functions : Compact.functions) refuters =
  let has_bias = Array.exists (fun (row : Checker.integer_row) -> Z.sign row.constant <> 0) functions.rows in
  let rec scaled s =
    lazy
      (match Lazy.force s with
       | Stream.Done -> Stream.Done
       | Stream.More (pairs, rest) ->
           Stream.More ((pairs, lazy (Nearby.scaling has_bias (List.map (fun (i, k) -> (functions.rows.(Z.to_int i), k)) pairs))), scaled rest)) in
  scaled refuters

let flat_tree r at functions =
  let refuters = entries r at functions false in
  (refuters, tokens r at)

let sign_split r at functions =
  let circuits = entries r at functions true in
  (circuits, tokens r at)

(* ------------------------------------------------------------------ blocks *)

(* Where the words of a fault come from: the whole, or the block that is being read. *)
type scene = { mutable at : Words.place; mutable block : int option; mutable blocks : int }

let increasing_numbers name = function
  | List (_ :: _ as l) when List.for_all (function Number _ -> true | _ -> false) l ->
      let numbers = List.map (function Number z -> z | _ -> Z.zero) l in
      let rec rises = function a :: (b :: _ as rest) -> Z.lt a b && rises rest | _ -> true in
      if not (rises numbers) then unreadable "%s: expected the integers in increasing order, each once" name;
      numbers
  | found -> unreadable "%s: expected a list of integers, not empty, found %s" name (show found)

let increasing r before name =
  ignore (key r before [ name ]);
  increasing_numbers name (value r)

let require_between name count numbers =
  if Z.sign (List.hd numbers) < 0 || List.exists (fun z -> Z.geq z (Z.of_int count)) numbers then
    rejected "%s: names one outside 0 to %d" name (count - 1)

let require_zero_outside layer columns i =
  let row : Checker.row = layer.(Z.to_int i) in
  List.iteri
    (fun j (a : Checker.q) ->
      if Z.sign a.qnum <> 0 && not (List.exists (Z.equal (Z.of_int j)) columns) then
        rejected "row %s is not zero in column %d" (show (Number i)) j)
    row.normal

let cut columns l = List.filteri (fun j _ -> List.exists (Z.equal (Z.of_int j)) columns) l

(* One block: what is looked at before its proof is read is looked at by the checker as well. [more] are the rows that a
   stage has besides. *)
let read_block r scene more kind domain layer n : Checker.block =
  let columns = increasing r "{" "columns" in
  require_between "columns" n columns;
  let chosen = increasing r "," "rows" in
  require_between "rows" (Array.length layer) chosen;
  List.iter (require_zero_outside layer columns) chosen;
  let mask = Checker.mask_of (Numbers.nat_of n) Z.zero columns in
  let inner =
    match Checker.block_domain (Numbers.nat_of n) mask domain with
    | Some inner -> inner
    | None -> rejected "blocks: the domain is a polytope" in
  let rows = List.map (fun i -> let (w : Checker.row) = layer.(Z.to_int i) in { w with normal = cut columns w.normal }) chosen in
  let rows = rows @ more mask in
  ignore (key r "," [ "proof" ]);
  let rule = one_of r "{" "rule" (List.map fst proves) in
  if rule <> "flat-tree" && rule <> "sign-split" then
    rejected "the rule \"%s\" cannot stand here, only flat-tree, sign-split" rule;
  let at, functions = start rule kind inner rows (List.length columns) in
  scene.at <- at;
  let proof : Checker.rows_proof =
    if rule = "flat-tree" then let refuters, tree = flat_tree r at functions in FlatTreeProof (refuters, tree)
    else let circuits, tree = sign_split r at functions in SignSplitProof (circuits, tree) in
  { columns; chosen; proof }

let read_blocks ?(name = "block") ?(more = fun _ -> []) r scene kind domain layer n : Checker.block Stream.t =
  ignore (key r "," [ name ^ "s" ]);
  ignore (expect r "[");
  let layer = Array.of_list layer in
  let rec stream another : Checker.block Stream.t =
    lazy
      (if not another then begin
         if scene.blocks = 0 then malformed r "expected at least one %s, found none" name;
         ignore (expect r "}");
         Stream.Done
       end
       else begin
         scene.block <- Some scene.blocks;
         scene.blocks <- scene.blocks + 1;
         let block = read_block r scene more kind domain layer n in
         Stream.More (block, lazy (Lazy.force (behind ())))
       end)
  and behind () =
    ignore (expect r "}");
    scene.block <- None;
    stream (expect r ",]" = ',') in
  stream (if peek r = ']' then (skip r; false) else true)

(* ------------------------------------------------------------------ depth-tree *)

(* The sign and the square of row j, with the words for what is no value. *)
let read_level r kind j : Checker.level =
  ignore (key r "," [ "sign" ]);
  let sign = match value r with
    | Number z when Z.leq (Z.abs z) Z.one -> z
    | found -> malformed r "\"sign\": expected -1 or 0 or 1, found %s" (show found) in
  ignore (key r "," [ "square" ]);
  match value r with
  | Null ->
      if not (Z.equal sign Z.one && kind = "sphere") then
        rejected "row %d: the value is infinity only with sign 1 and on a sphere" j;
      Infinity
  | found ->
      let square = Numbers.rational (Printf.sprintf "row %d: square" j) found in
      if Z.sign square.qnum < 0 || (Z.sign square.qnum = 0) <> (Z.sign sign = 0) then
        rejected "row %d: the sign %s and the square %s are not those of a number" j (show (Number sign)) (show found);
      if Z.equal sign Z.one && kind <> "sphere" then rejected "row %d: the value is positive, but the domain contains 0" j;
      Root (sign, square)

let read_point_of_row r j n =
  ignore (key r "," [ "point" ]);
  match value r with Null -> None | found -> Some (Numbers.rationals (Printf.sprintf "row %d: point" j) (Some n) found)

let short_refuter place found : Checker.depth_refuter =
  let pair = function
    | List [ Number i; text ] ->
        let factor = Numbers.rational place text in
        if Z.sign factor.qnum <= 0 then unreadable "%s: expected a positive multiplier, found %s" place (show text);
        (i, factor)
    | _ -> unreadable "%s: expected pairs like [3, \"1/2\"], found another entry" place in
  match found with
  | List l -> Short (List.map pair l)
  | _ -> unreadable "%s: expected a list of pairs [row, multiplier], found %s" place (show found)

let cone_refuter place found : Checker.depth_refuter =
  match found with
  | List l when List.for_all (function Number _ -> true | _ -> false) l ->
      Cone (List.map (function Number i -> i | _ -> Z.zero) l)
  | _ -> unreadable "%s: expected a list of rows, found %s" place (show found)

(* Row j: its value and point at once, its refuters and its tree when the checker asks for them. *)
let read_depth_row r (at : Words.place) j : Checker.depth_row =
  if j = at.m then rejected "depth-tree: the list goes on after all %d rows" at.m;
  ignore (key r "{" [ "row" ]);
  let about = match value r with
    | Number z -> z
    | found -> malformed r "\"row\": expected an integer, found %s" (show found) in
  if not (Z.equal about (Z.of_int j)) then rejected "row %d: found row %s in its place" j (show (Number about));
  let stated = read_level r at.domain j in
  let attained = read_point_of_row r j at.n in
  let read = match stated with Root (sign, _) when Z.sign sign <= 0 -> short_refuter | _ -> cone_refuter in
  let rec refuters next : Checker.depth_refuter Stream.t =
    lazy
      (match next () with
       | None -> Stream.Done
       | Some found ->
           at.entries <- at.entries + 1;
           let refuter = read (Printf.sprintf "row %d: refuter %d" j (at.entries - 1)) found in
           Stream.More (refuter, refuters next)) in
  at.entries <- 0;
  at.tokens <- 0;
  let row_refuters = lazy (ignore (key r "," [ "refuters" ]); Lazy.force (refuters (items ~ahead:true r))) in
  { about; stated; attained; row_refuters; row_tokens = tokens ~within:(Printf.sprintf "row %d: " j) r at }

(* What the proved checker says about the values of alpha*. *)
let judge_depth_tree r kind domain layer n =
  let m = List.length layer in
  let at : Words.place =
    { name = "refuter"; m; n; functions = m; domain = kind; first_in = Hashtbl.create 1; entries = 0; tokens = 0 } in
  let current = ref None and all = ref 0 in
  let rec rows more j : Checker.depth_row Stream.t =
    lazy
      (if not more then (ignore (expect r "}"); Stream.Done)
       else
         let row = read_depth_row r at j in
         current := Some j;
         Stream.More (row, lazy (current := None; all := !all + at.tokens; Lazy.force (rows (expect r ",]" = ',') (j + 1))))) in
  let start = lazy (ignore (key r "," [ "rows" ]); ignore (expect r "["); Lazy.force (rows (if peek r = ']' then (skip r; false) else true) 0)) in
  match Checker.check (Numbers.nat_of n) domain layer (ByDepthTree start) with
  | Checker.Bad why ->
      let text = Words.of_reason at why in
      rejected "%s" (match !current with Some j -> Printf.sprintf "row %d: %s" j text | None -> text)
  | Checker.Good () -> Printf.sprintf "the values of all %d rows are attained, and the trees of %d tokens are correct" m !all

(* ------------------------------------------------------------------ gram *)

let read_pairs place found =
  let pair = function
    | List [ Number i; Number j ] -> (i, j)
    | _ -> unreadable "%s: expected a list of pairs of rows like [0, 3], found %s" place (show found) in
  match found with List l -> List.map pair l | _ -> [ pair Null ]

(* What the proved checker says about bounds of eigenvalues: the side above is read when the one below has been judged. *)
let judge_gram r kind domain layer n =
  let at, _ = start "sign-split" kind domain layer n in
  let current = ref "" and said = ref [] and bounds = ref [] in
  let end_side () = said := Printf.sprintf "%s by %d circuits and %d tokens" !current at.entries at.tokens :: !said in
  let side name bound_name layer : Checker.gram_side =
    current := name;
    at.entries <- 0;
    at.tokens <- 0;
    ignore (key r "," [ name ]);
    ignore (key r "{" [ bound_name ]);
    let found = value r in
    let bound = Numbers.rational (name ^ ": " ^ bound_name) found in
    bounds := (match found with Text t -> t | _ -> "") :: !bounds;
    ignore (key r "," [ "pairs" ]);
    let opposites = read_pairs (name ^ ": pairs") (value r) in
    let _, functions = start "sign-split" kind domain layer n in
    { bound; opposites; gram_circuits = lazy (Lazy.force (entries r at functions true));
      gram_tokens = tokens ~within:(name ^ ": ") r at } in
  let below = side "below" "at_least" layer in
  let above = lazy (end_side (); side "above" "at_most" (List.map Checker.turned layer)) in
  match Checker.check (Numbers.nat_of n) domain layer (ByGram (below, above)) with
  | exception Rejected text -> rejected "%s: %s" !current text
  | Checker.Bad why -> rejected "%s: %s" !current (Words.of_reason at why)
  | Checker.Good () ->
      end_side ();
      ignore (expect r "}");
      Printf.sprintf "sigma_min^2 is at least %s, sigma_max^2 at most %s in every cell: %s" (List.nth !bounds 1) (List.nth !bounds 0)
        (String.concat ", " (List.rev !said))

(* ------------------------------------------------------------------ verdict *)

let accepted ?(nearby = false) rule kind scene =
  let at = scene.at in
  match rule with
  | "collision" -> Printf.sprintf "x and y differ, lie in %s and have the same output in all %d rows" kind at.m
  | "packing" ->
      Printf.sprintf "%d refuters are correct and disjoint%s; injective if any %d rows are independent" at.entries
        (if nearby then Printf.sprintf ", %d of them after every change of the entries up to epsilon too" at.n else "") at.n
  | _ -> Printf.sprintf "%d %ss and the tree of %d tokens are correct" at.entries at.name at.tokens

(* What the proved checker says about the proof: the reason to accept. *)
let judge r rule kind domain layer n =
  let at, functions = start rule kind domain layer n in
  let scene = { at; block = None; blocks = 0 } in
  let within text = match scene.block with Some k -> Printf.sprintf "block %d: %s" k text | None -> text in
  let nearby = ref false in
  if rule = "blocks" && kind = "polytope" then rejected "blocks: the domain is a polytope";
  let evidence () : Checker.evidence =
    match rule with
    | "collision" -> let x, y = read_points r n in ByCollision (x, y)
    | "flat-tree" -> let refuters, tree = flat_tree r at functions in ByFlatTree (refuters, tree)
    | "sign-split" -> let circuits, tree = sign_split r at functions in BySignSplit (circuits, tree)
    | "packing" -> (
        match read_epsilon r kind with
        | None -> ByPacking (packing r at functions)
        | Some epsilon ->
            nearby := true;
            ByPackingNearby (epsilon, with_scalings functions (packing r at functions)))
    | _ -> ByBlocks (read_blocks r scene kind domain layer n) in
  match Checker.check (Numbers.nat_of n) domain layer (evidence ()) with
  | exception Unreadable text -> unreadable "%s" (within text)
  | exception Rejected text -> rejected "%s" (within text)
  | Checker.Bad why -> rejected "%s" (within (Words.of_reason scene.at why))
  | Checker.Good () when rule = "blocks" ->
      Printf.sprintf "%d blocks have all %d columns, and their proofs are correct" scene.blocks n
  | Checker.Good () -> accepted ~nearby:!nearby rule kind scene

let check_layer r given claim kind domain dimension =
  let layer, n = read_layer r (Option.map Layer_file.read given) dimension in
  let rule = read_rule r claim in
  let reason = (match rule with "depth-tree" -> judge_depth_tree r | "gram" -> judge_gram r | _ -> judge r rule) kind domain layer n in
  finish r;
  reason

(* The claim, once it is read, and the reason to accept. [others]: who reads on where it is about something else than a
   layer. Raises the faults. *)
let check ~others r given claimed =
  ignore (one_of r "{" "format" [ "exactinj-certificate" ]);
  ignore (key r "," [ "version" ]);
  (match value r with Number z when Z.equal z Z.one -> () | found -> malformed r "\"version\": expected 1, found %s" (show found));
  let claim = one_of r "," "claim" claims in
  claimed := Some claim;
  let kind, domain, dimension = read_domain r claim in
  let for_sizes = List.mem claim [ "injective_for_sizes"; "not_injective_for_sizes"; "injective_for_sizes_if_full_spark" ] in
  let known = ("layer", check_layer) :: others in
  let subject = key r "," (if for_sizes then [ "convolution" ] else List.map fst known) in
  (List.assoc subject known) r given claim kind domain dimension
