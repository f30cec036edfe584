(* The integers of the extracted checker: those of zarith, with Coq's meaning where the two differ. *)

type t = Z.t

let zero = Z.zero
let one = Z.one
let same (a : t) = a
let opp = Z.neg
let add = Z.add
let sub = Z.sub

let mul a b = if a == zero || b == zero then zero else Z.mul a b (* vectors of the checker are mostly 0 *)
let eqb = Z.equal
let ltb (a : t) b = Z.lt a b
let leb (a : t) b = Z.leq a b
let min (a : t) b = Z.min a b
let max (a : t) b = Z.max a b
let gcd = Z.gcd
let lcm a b = if Z.equal a zero || Z.equal b zero then zero else Z.lcm a b
let quot a b = if Z.equal b zero then zero else Z.div a b
let quotrem a b = if a == zero || b == zero then (zero, a) else Z.div_rem a b
(* The remainder has the sign of the divisor. *)
let modulo a b =
  if b == zero then a else if Z.gt b zero then Z.erem a b else Z.neg (Z.erem (Z.neg a) (Z.neg b))

(* Rounded down. *)
let div a b = if b == zero then zero else Z.fdiv a b

(* Binary digits. Coq's numbers have them at every place; the checker asks for those of row numbers only. *)
let testbit a i = Z.fits_int i && Z.sign i >= 0 && Z.testbit a (Z.to_int i)
let setbit a i = if Z.sign i < 0 then a else Z.logor a (Z.shift_left one (Z.to_int i))

(* Coq's positive numbers, and its integers by sign. *)
let double p = Z.shift_left p 1
let double_plus_one p = Z.succ (double p)
let to_pos a = if Z.sign a > 0 then a else one

let case_positive odd even unit p =
  if Z.equal p one then unit ()
  else if Z.fits_int p then
    let i = Z.to_int p in
    let half = Z.of_int (i lsr 1) in
    if i land 1 = 1 then odd half else even half
  else
    let half = Z.shift_right p 1 in
    if Z.is_odd p then odd half else even half

let case null positive negative a =
  match Z.sign a with 0 -> null () | 1 -> positive a | _ -> negative (Z.neg a)
