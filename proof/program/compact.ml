(* Section "Compact lists": the multipliers of an entry of which only the functions and the signs are stated. What is
   found here is a proposal: the checker sums it up like any other entry, so nothing that is proved rests on it. *)

open Faults

type functions = {
  rows : Checker.integer_row array;
  facets : int; (* how many functions a compact entry may name besides: all at most 0 on the domain *)
  facet : int -> Checker.integer_row;
  explicit : int; (* how many of both an explicit entry may name *)
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
  { rows; facets; facet; explicit = Array.length rows + List.length (Checker.halfspaces domain) }

let count f = Array.length f.rows + f.facets
let function_at f i = let m = Array.length f.rows in if i < m then f.rows.(i) else f.facet (i - m)

(* The t with sum_l t_l column_l = 0, if they are determined up to a factor: elimination without fractions (Bareiss).
   Otherwise the dimension of their space. *)
let dependency columns =
  let k = Array.length columns and n = Array.length columns.(0) in
  let lines = Array.init n (fun j -> Array.init k (fun l -> columns.(l).(j))) in
  let rank = ref 0 and divisor = ref Z.one and free = ref [] and places = ref [] in
  for c = 0 to k - 1 do
    let pivot = ref !rank in
    while !pivot < n && Z.equal lines.(!pivot).(c) Z.zero do incr pivot done;
    if !pivot >= n then free := c :: !free
    else begin
      let top = lines.(!pivot) in
      lines.(!pivot) <- lines.(!rank);
      lines.(!rank) <- top;
      let a = top.(c) in
      for i = !rank + 1 to n - 1 do
        let line = lines.(i) in
        let b = line.(c) in
        for l = c + 1 to k - 1 do
          let z = Z.sub (Integer.mul a line.(l)) (Integer.mul b top.(l)) in
          line.(l) <- (if !rank = 0 then z else Z.divexact z !divisor)
        done
      done;
      places := (c, !rank) :: !places;
      divisor := a;
      incr rank
    end
  done;
  match !free with
  | [ c ] ->
      let t = Array.make k Z.zero in
      t.(c) <- !divisor;
      List.iter
        (fun (c, line) ->
          let sum = ref Z.zero in
          for l = c + 1 to k - 1 do sum := Z.add !sum (Z.mul lines.(line).(l) t.(l)) done;
          t.(c) <- Z.divexact (Z.neg !sum) lines.(line).(c))
        !places;
      Ok t
  | free -> Error (List.length free)

(* The explicit entry that the codes stand for. *)
let explicit f place codes =
  let most = Z.of_int (count f) in
  if List.exists (fun code -> Z.gt (Z.abs code) most) codes then
    rejected "%s: names a row outside 0 to %d" place (count f - 1);
  let indices = List.map (fun code -> Z.to_int (Z.abs code) - 1) codes in
  let rows = List.map (function_at f) indices in
  if List.length (List.sort_uniq compare indices) < List.length indices then rejected "%s: names a row twice" place;
  let signed (r : Checker.integer_row) code = if Z.sign code > 0 then fun z -> z else Z.neg in
  let column with_constant (r : Checker.integer_row) code =
    Array.of_list (List.map (signed r code) (r.weights @ if with_constant then [ r.constant ] else [])) in
  let columns with_constant = Array.of_list (List.map2 (column with_constant) rows codes) in
  let found = match dependency (columns false) with Error 2 -> dependency (columns true) | other -> other in
  match found with
  | Error _ -> rejected "%s: its functions do not determine their multipliers" place
  | Ok t ->
      let t = if Z.sign t.(0) < 0 then Array.map Z.neg t else t in
      if Array.exists (fun z -> Z.sign z <= 0) t then
        rejected "%s: the multipliers do not have the signs that are stated" place;
      let pair l i (r : Checker.integer_row) code =
        (Z.of_int i, Z.mul (if Z.sign code > 0 then t.(l) else Z.neg t.(l)) r.denominator) in
      let pairs = List.mapi (fun l (i, (r, code)) -> (i, pair l i r code)) (List.combine indices (List.combine rows codes)) in
      List.filter_map (fun (i, pair) -> if i < f.explicit then Some pair else None) pairs
