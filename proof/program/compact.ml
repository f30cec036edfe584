(* Section "Compact lists": the multipliers of an entry of which only the functions and the signs are stated. What is
   found here is a proposal: the checker sums it up like any other entry, so nothing that is proved rests on it. *)

open Faults

(* Elimination without fractions (Bareiss), a function at a time, so that entries that begin with the same functions share the
   work: a tree of what was eliminated. *)
type step = {
  place : int; (* of the pivot; -1 if the function depends on those before it *)
  values : Z.t array; (* what is left of the function: at places of pivots as it was when these were used *)
  next : (int, step) Hashtbl.t;
}

let most_steps = 4000 (* kept; then it begins anew *)

type eliminations = { root : (int, step) Hashtbl.t; mutable steps : int }

type functions = {
  rows : Checker.integer_row array;
  facets : int; (* how many functions a compact entry may name besides: all at most 0 on the domain *)
  facet : int -> Checker.integer_row;
  explicit : int; (* how many of both an explicit entry may name *)
  known : eliminations; (* of weights *)
  known_with_constants : eliminations;
}

let coordinate n k factor constant denominator : Checker.integer_row =
  { number = Z.zero; weights = List.init n (fun j -> if j = k then factor else Z.zero); constant; denominator; remainders = [] }

(* How many facets a domain has, and each of them. *)
let facets n (domain : Checker.integer_domain) =
  match domain with
  | ISpace | IBall _ -> (0, fun _ -> assert false)
  | IOrthant | INonnegativeBall _ -> (n, fun j -> coordinate n j Z.minus_one Z.zero Z.one)
  | IBox (l, u, d) ->
      let l = Array.of_list l and u = Array.of_list u in
      ( 2 * n,
        fun j ->
          if j mod 2 = 1 then coordinate n (j / 2) d (Z.neg u.(j / 2)) d
          else coordinate n (j / 2) (Z.neg d) l.(j / 2) d )
  | IPolytope rows ->
      let rows = Array.of_list rows in
      (Array.length rows, fun j -> rows.(j))

let functions n domain rows =
  let rows = Array.of_list rows and facets, facet = facets n domain in
  { rows; facets; facet; explicit = Array.length rows + List.length (Checker.halfspaces domain);
    known = { root = Hashtbl.create 64; steps = 0 }; known_with_constants = { root = Hashtbl.create 64; steps = 0 } }

let count f = Array.length f.rows + f.facets
let function_at f i = let m = Array.length f.rows in if i < m then f.rows.(i) else f.facet (i - m)

(* `path`: the steps before, the first one first. *)
let eliminated path values =
  let used = Array.make (Array.length values) false and divisor = ref Z.one in
  List.iter
    (fun step ->
      if step.place >= 0 then begin
        let a = step.values.(step.place) and b = values.(step.place) in
        used.(step.place) <- true;
        for i = 0 to Array.length values - 1 do
          if not used.(i) then begin
            let z = Z.sub (Integer.mul a values.(i)) (Integer.mul b step.values.(i)) in
            values.(i) <- (if Z.equal !divisor Z.one then z else Z.divexact z !divisor)
          end
        done;
        divisor := a
      end)
    path;
  let place = ref 0 in
  while !place < Array.length values && (used.(!place) || Z.equal values.(!place) Z.zero) do incr place done;
  { place = (if !place < Array.length values then !place else -1); values; next = Hashtbl.create 1 }

(* The steps for functions of these numbers, `values i` being a copy of those of i. *)
let steps known values numbers =
  if known.steps > most_steps then begin Hashtbl.reset known.root; known.steps <- 0 end;
  let rec go table reversed = function
    | [] -> List.rev reversed
    | i :: rest ->
        let step =
          match Hashtbl.find_opt table i with
          | Some step -> step
          | None ->
              let step = eliminated (List.rev reversed) (values i) in
              if rest <> [] then begin Hashtbl.add table i step; known.steps <- known.steps + 1 end;
              step in
        go step.next (step :: reversed) rest in
  go known.root [] numbers

(* The t with sum_l t_l function_l = 0, if they are determined up to a factor. Otherwise the dimension of their space. *)
let dependency known values numbers =
  let path = Array.of_list (steps known values numbers) in
  let k = Array.length path in
  let pivot l = path.(l).values.(path.(l).place) in
  let t = Array.make k Z.zero and free = ref 0 and last = ref Z.one in
  Array.iteri (fun l step -> if step.place < 0 then begin incr free; t.(l) <- Z.one end else last := pivot l) path;
  if !free <> 1 then Error !free
  else begin
    for l = k - 1 downto 0 do
      if path.(l).place < 0 then t.(l) <- !last
      else begin
        let sum = ref Z.zero in
        for j = l + 1 to k - 1 do sum := Z.add !sum (Integer.mul path.(j).values.(path.(l).place) t.(j)) done;
        t.(l) <- Z.divexact (Z.neg !sum) (pivot l)
      end
    done;
    Ok t
  end

(* The explicit entry that the codes stand for. *)
let explicit f place codes =
  let most = Z.of_int (count f) in
  if List.exists (fun code -> Z.gt (Z.abs code) most) codes then
    rejected "%s: names a row outside 0 to %d" place (count f - 1);
  let indices = List.map (fun code -> Z.to_int (Z.abs code) - 1) codes in
  if List.length (List.sort_uniq compare indices) < List.length indices then rejected "%s: names a row twice" place;
  let values constants i =
    let r = function_at f i in
    Array.of_list (if constants then r.weights @ [ r.constant ] else r.weights) in
  let found =
    match dependency f.known (values false) indices with
    | Error 2 -> dependency f.known_with_constants (values true) indices
    | other -> other in
  match found with
  | Error _ -> rejected "%s: its functions do not determine their multipliers" place
  | Ok t ->
      let t = Array.of_list (List.mapi (fun l code -> if Z.sign code > 0 then t.(l) else Z.neg t.(l)) codes) in
      let t = if Z.sign t.(0) < 0 then Array.map Z.neg t else t in
      if Array.exists (fun z -> Z.sign z <= 0) t then
        rejected "%s: the multipliers do not have the signs that are stated" place;
      let pair l i code =
        (Z.of_int i, Z.mul (if Z.sign code > 0 then t.(l) else Z.neg t.(l)) (function_at f i).denominator) in
      let pairs = List.mapi (fun l (i, code) -> (i, pair l i code)) (List.combine indices codes) in
      List.filter_map (fun (i, pair) -> if i < f.explicit then Some pair else None) pairs
