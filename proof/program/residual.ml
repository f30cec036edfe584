(* Certificates about residual blocks x + B ReLU(Ax + b): the block, and the rules collision, p-matrix and orientation. *)

open Faults
open Json

(* ------------------------------------------------------------------ the block *)

let read_matrix r digest before name rows columns =
  Sha256.add digest (Printf.sprintf "%s\"%s\":[" before name);
  ignore (key r "," [ name ]);
  let next = items ~ahead:true r in
  let rec go i found =
    match next () with
    | None -> List.rev found
    | Some texts ->
        if i = rows then malformed r "residual.%s: expected %d rows, found more" name rows;
        if i > 0 then Sha256.add digest ",";
        let w = Numbers.rationals (Printf.sprintf "residual.%s row %d" name i) (Some columns) texts in
        Sha256.add digest (Certificate.quoted (Certificate.texts texts));
        go (i + 1) (w :: found) in
  let found = go 0 [] in
  if List.length found <> rows then malformed r "residual.%s: expected %d rows, found %d" name rows (List.length found);
  found

let require_same (block : Network_file.block) (given : Network_file.block) =
  let require name same = if not same then rejected "residual: %s differs from the given block" name in
  require "A" (Network.same_rows block.a given.a);
  require "B" (Network.same_rows block.back given.back);
  require "b" (Network.same_lists block.bias given.bias)

(* The block, which is the given one if there is one, and n. *)
let read_block r given dimension =
  let zk = size r "{" "k" in
  let zn = size r "," "n" in
  let k = Certificate.int_of zk and n = Certificate.int_of zn in
  Certificate.require_dimension r dimension n;
  let stated = Certificate.read_digest r in
  let digest = Sha256.start () in
  let a = read_matrix r digest "{" "A" k n in
  let back = read_matrix r digest "]," "B" n k in
  ignore (key r "," [ "b" ]);
  let found = value r in
  let bias = Numbers.rationals "residual.b" (Some k) found in
  ignore (expect r "}");
  Sha256.add digest (Printf.sprintf "],\"b\":%s}" (Certificate.quoted (Certificate.texts found)));
  let block : Network_file.block = { a; back; bias } in
  Option.iter (require_same block) given;
  let sum = Sha256.finish digest in
  if sum <> stated then rejected "residual: the SHA-256 of A, B and b is %s, not the one stated" sum;
  (block, n)

let checked (block : Network_file.block) : Checker.residual_block =
  { hidden = List.map2 Certificate.row block.a block.bias; back = block.back }

(* ------------------------------------------------------------------ p-matrix *)

let weights place = function
  | List l when List.for_all (function Text t -> Numbers.is_natural t 0 (String.length t) | _ -> false) l ->
      List.map (function Text t -> Numbers.integer place t 0 (String.length t) | _ -> Z.zero) l
  | found -> unreadable "%s: expected a list of positive integers like \"12\", found %s" place (show found)

let most_rows = 1000 (* of a definite matrix *)

let token place : value -> Checker.minor_token = function
  | Number i -> SplitAt i
  | Object [ ("minors", Number s) ] when Z.sign s > 0 -> AllMinors s
  | Object [ ("dominant", found) ] -> Dominant (weights place found)
  | Object [ ("definite", found) ] ->
      let d = weights place found in
      if List.compare_length_with d most_rows > 0 then
        unreadable "%s: a definite matrix of %d rows, expected at most %d" place (List.length d) most_rows;
      Definite d
  | found -> unreadable "%s: expected a unit, or an object dominant, definite or minors, found %s" place (show found)

let perhaps_none r name =
  ignore (key r "," [ name ]);
  match value r with List [] -> [] | found -> Certificate.increasing_numbers name found

let minor_words (at : Words.place) (why : Checker.reason) =
  let block format = Printf.ksprintf (fun text -> Printf.sprintf "block %d: %s" (at.entries - 1) text) format in
  let token format = Printf.ksprintf (fun text -> Printf.sprintf "block %d, token %d: %s" (at.entries - 1) (at.tokens - 1) text) format in
  let n = Words.show in
  match why with
  | SignUnits -> Printf.sprintf "signs: names a unit outside 0 to %d, or twice" (at.m - 1)
  | SignNotShown (active, i) ->
      Printf.sprintf "signs: unit %s is not shown to be %s on %s" (Z.to_string i) (if active then "active" else "inactive") at.domain
  | SingularSigns -> "signs: the determinant at the active units is 0"
  | BlockUnits -> block "names a unit that is not left, or twice"
  | EntryNotZero (i, j) -> block "the entry (%s, %s) is not zero, and %s is in an earlier block" (n i) (n j) (n j)
  | UnitMissing i -> Printf.sprintf "blocks: unit %s is in no block" (n i)
  | TreeEnds -> block "the tree ends after %d tokens, too early" at.tokens
  | TreeGoesOn -> block "complete after %d tokens, but the list goes on" (at.tokens - 1)
  | UnitNotLeft i -> token "unit %s is not among those that are left" (n i)
  | MinorNotPositive i -> token "the minor at unit %s is not positive" (n i)
  | NotDominated i -> token "the row of unit %s is not dominated by its diagonal" (n i)
  | WeightCount (d, u) -> token "has %s multipliers for %s units" (n d) (n u)
  | NotDefinite -> token "the symmetric matrix is not positive definite"
  | MinorCount (s, u) -> token "is for %s units, but %s are left" (n s) (n u)
  | PrincipalMinor -> token "a principal minor is not positive"
  | other -> Words.of_reason at other

(* The evidence, read while the checker takes it; `all` counts the tokens. *)
let p_matrix r (at : Words.place) all : Checker.block_evidence =
  let active = perhaps_none r "active" in
  let inactive = perhaps_none r "inactive" in
  let rec tokens next : Checker.minor_token Stream.t =
    lazy
      (match next () with
       | None -> Stream.Done
       | Some found ->
           let t = token (Printf.sprintf "block %d, token %d" (at.entries - 1) at.tokens) found in
           at.tokens <- at.tokens + 1;
           incr all;
           Stream.More (t, tokens next)) in
  let rec blocks more : Checker.minor_block Stream.t =
    lazy
      (if not more then (ignore (expect r "}"); Stream.Done)
       else begin
         let units = Certificate.increasing r "{" "rows" in
         at.entries <- at.entries + 1;
         at.tokens <- 0;
         let tree = lazy (ignore (key r "," [ "tree" ]); Lazy.force (tokens (items ~ahead:true r))) in
         Stream.More
           ( ({ block_units = units; block_tokens = tree } : Checker.minor_block),
             lazy (ignore (expect r "}"); Lazy.force (blocks (expect r ",]" = ','))) )
       end) in
  let start = lazy (ignore (key r "," [ "blocks" ]); ignore (expect r "["); Lazy.force (blocks (if peek r = ']' then (skip r; false) else true))) in
  ByPMatrix (active, inactive, start)

let too_many_minors (at : Words.place) = Printf.sprintf "block %d: asks for more than %d minors" (at.entries - 1) (1 lsl 22)

let judge_p_matrix r kind domain (f : Checker.residual_block) n =
  let at = Network.nowhere "block" n (List.length f.hidden) kind and all = ref 0 in
  let evidence = p_matrix r at all in
  match (Checker.check_residual_block (Numbers.nat_of n) domain f evidence, evidence) with
  | Checker.Bad TooManyMinors, _ -> unreadable "%s" (too_many_minors at)
  | Checker.Bad why, _ -> rejected "%s" (minor_words at why)
  | Checker.Good (), ByPMatrix (active, inactive, _) ->
      let fixed = List.length active + List.length inactive in
      let words = if fixed = 1 then "1 unit taken out that keeps its" else Printf.sprintf "%d units taken out that keep their" fixed in
      let about = if fixed = 0 then "" else Printf.sprintf " with %s sign on %s" words kind in
      Printf.sprintf "all principal minors of I + AB%s are positive, by %d blocks and %d tokens" about at.entries !all
  | Checker.Good (), _ -> assert false

(* ------------------------------------------------------------------ orientation *)

let cell_words (at : Words.place) (why : Checker.reason) =
  let circuit format = Printf.ksprintf (fun text -> Printf.sprintf "circuit %d: %s" (at.entries - 1) text) format in
  let token format = Printf.ksprintf (fun text -> Printf.sprintf "tree token %d: %s" (at.tokens - 1) text) format in
  let n = Words.show in
  let listed units = "[" ^ String.concat ", " (List.map Z.to_string units) ^ "]" in
  match why with
  | UnitZero i -> Printf.sprintf "point: unit %s is 0 there" (n i)
  | NotConstant -> circuit "the sum of lambda_i g_i is not a constant that is >= 0"
  | ZeroUnits -> circuit "no multiplier is positive and its units are 0 everywhere"
  | UnitHasSign i -> token "unit %s is not a unit without a sign" (n i)
  | NotNegativeUnit i -> token "unit %s is not known to be negative" (n i)
  | NotNonnegativeUnit i -> token "unit %s is not known to be nonnegative" (n i)
  | UnitsWithoutSign -> token "a cell with units that have no sign"
  | DeterminantZero active -> token "the determinant of the cell with the units %s is 0" (listed active)
  | DeterminantSign active -> token "the determinant of the cell with the units %s has another sign than before" (listed active)
  | ValueTakenTwice -> token "the value at the point is taken in another place, too"
  | other -> Words.of_reason at other

(* The evidence, read while the checker takes it; `cells` counts them. *)
let orientation r (at : Words.place) cells : Checker.block_evidence =
  ignore (key r "," [ "point" ]);
  let point = Numbers.rationals "proof.point" (Some at.n) (value r) in
  let circuit number found =
    let entry = Certificate.explicit_entry true (Printf.sprintf "circuit %d" number) found in
    at.entries <- at.entries + 1;
    entry in
  let rec counted s : Z.t Stream.t =
    lazy
      (match Lazy.force s with
       | Stream.Done -> Stream.Done
       | Stream.More (t, rest) -> if Z.equal t Z.zero then incr cells; Stream.More (t, counted rest)) in
  let circuits = Network.elements r "circuits" circuit in
  let tree = counted (Certificate.tokens r at) in
  ByOrientation (point, circuits, tree)

let judge_orientation r kind domain (f : Checker.residual_block) n =
  let at = Network.nowhere "circuit" n (List.length f.hidden) kind and cells = ref 0 in
  let evidence = orientation r at cells in
  Network.judged (cell_words at)
    (fun () -> Checker.check_residual_block (Numbers.nat_of n) domain f evidence)
    (fun () -> Printf.sprintf "one orientation on all %d cells, one value taken once, and %d circuits are correct" !cells at.entries)

(* ------------------------------------------------------------------ the document *)

let judge_collision r kind domain f n =
  let x, y = Certificate.read_points r n in
  Network.judged (Network.collision_words (Network.nowhere "" n n kind))
    (fun () -> Checker.check_residual_block (Numbers.nat_of n) domain f (BlockCollision (x, y)))
    (fun () -> Printf.sprintf "x and y differ, lie in %s and have the same output" kind)

let check r given claim kind domain dimension =
  let given = Option.map Network_file.read_block given in
  if List.mem claim [ "alpha_star"; "stability" ] then
    rejected "a certificate about a residual block cannot have the claim \"%s\"" claim;
  let block, n = read_block r given dimension in
  let f = checked block in
  let reason =
    match Certificate.read_outer_rule r claim with
    | "collision" -> judge_collision r kind domain f n
    | "p-matrix" -> judge_p_matrix r kind domain f n
    | "orientation" -> judge_orientation r kind domain f n
    | rule -> rejected "the rule \"%s\" proves nothing about a residual block" rule in
  finish r;
  reason
