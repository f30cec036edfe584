(* What a refuter comes with in a packing with epsilon: how its rows are scaled to the columns of a matrix, and an
   approximate inverse of that. A proposal: the checker looks at all of it, so nothing that is proved rests on it. *)

let nothing : Checker.scaling = { unit_of = Z.one; factors = []; shares = []; inverse = [] }

(* The exponent of a power of two that brings the largest entry to about 1. *)
let exponent column =
  let largest = List.fold_left (fun m a -> Q.max m (Q.abs a)) Q.zero column in
  Z.numbits (Q.den largest) - Z.numbits (Q.num largest)

let times_power q e = if e >= 0 then Q.mul_2exp q e else Q.div_2exp q (-e)

(* By elimination with the largest pivots; None where floats meet a zero pivot. *)
let inverse lines =
  let size = Array.length lines in
  let work = Array.mapi (fun i line -> Array.append line (Array.init size (fun j -> if i = j then 1. else 0.))) lines in
  let rec go k =
    if k = size then Some (Array.map (fun line -> Array.sub line size size) work)
    else begin
      let best = ref k in
      for i = k + 1 to size - 1 do if abs_float work.(i).(k) > abs_float work.(!best).(k) then best := i done;
      if work.(!best).(k) = 0. then None
      else begin
        let top = work.(!best) in
        work.(!best) <- work.(k);
        let pivot = Array.map (fun value -> value /. top.(k)) top in
        work.(k) <- pivot;
        for i = 0 to size - 1 do
          let factor = work.(i).(k) in
          if i <> k && factor <> 0. then work.(i) <- Array.mapi (fun j value -> value -. (factor *. pivot.(j))) work.(i)
        done;
        go (k + 1)
      end
    end in
  go 0

(* For rows with their multipliers. *)
let scaling has_bias (named : (Checker.integer_row * Z.t) list) : Checker.scaling =
  let over (r : Checker.integer_row) a = Q.make a r.denominator in
  let column (r : Checker.integer_row) = List.map (over r) (r.weights @ if has_bias then [ r.constant ] else []) in
  let columns = List.map (fun (r, _) -> column r) named in
  let constant = List.fold_left (fun s ((r : Checker.integer_row), k) -> Q.add s (Q.mul (Q.of_bigint k) (over r r.constant))) Q.zero named in
  let has_last = has_bias && Q.sign constant <> 0 in
  let length = List.length (List.hd columns) in
  let last = List.init length (fun j -> if j = length - 1 then Q.minus_one else Q.zero) in
  let all = columns @ if has_last then [ last ] else [] in
  let size = List.length all in
  if length <> size - 1 || List.exists (List.for_all (fun a -> Q.sign a = 0)) all then nothing
  else begin
    let exponents = List.map exponent all in
    let scaled = Array.of_list (List.map2 (fun c e -> Array.of_list (List.map (fun a -> Q.to_float (times_power a e)) c)) all exponents) in
    let lines = Array.init size (fun j -> Array.init size (fun i -> if j = size - 1 then 1. else scaled.(i).(j))) in
    match inverse lines with
    | None -> nothing
    | Some found when Array.exists (Array.exists (fun value -> not (Float.is_finite (ldexp value 60)))) found -> nothing
    | Some found ->
        let multipliers = List.map (fun (_, k) -> Q.of_bigint k) named @ if has_last then [ constant ] else [] in
        let shares = List.map2 (fun k e -> times_power k (-e)) multipliers exponents in
        let common = List.fold_left (fun d q -> Z.lcm d (Q.den q)) Z.one shares in
        let unit_of =
          List.fold_left2
            (fun d ((r : Checker.integer_row), _) e -> Z.lcm d (if e < 0 then Z.shift_left r.denominator (-e) else r.denominator))
            Z.one named (List.filteri (fun i _ -> i < List.length named) exponents) in
        let factor ((r : Checker.integer_row), _) e = Q.num (Q.div (times_power (Q.of_bigint unit_of) e) (Q.of_bigint r.denominator)) in
        { unit_of;
          factors = List.map2 factor named (List.filteri (fun i _ -> i < List.length named) exponents);
          shares = List.map (fun q -> Q.num (Q.mul q (Q.of_bigint common))) shares;
          inverse = Array.to_list (Array.map (fun line -> Array.to_list (Array.map (fun v -> Z.of_float (Float.round (ldexp v 60))) line)) found) }
  end
