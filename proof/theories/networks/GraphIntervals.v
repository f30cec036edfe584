(** Between which ends the entries of a graph's values lie, and what the value of a step tells of what it reads. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Streams Tables.
From Proof.networks Require Import Graphs GraphForms.
Import ListNotations.
Open Scope Z_scope.

(** A rational without a common factor of numerator and denominator. *)
Definition reduced (q : Q) : Q :=
  let d := Z.gcd (Qnum q) (Zpos (Qden q)) in
  let a := Z.quot (Qnum q) d in
  let b := Z.quot (Zpos (Qden q)) d in
  if (0 <? b) && (a * Zpos (Qden q) =? Qnum q * b) then Qmake a (Z.to_pos b) else q.

Definition below_rational (p q : Q) : bool := Qnum p * Zpos (Qden q) <? Qnum q * Zpos (Qden p).
Definition at_most (p q : Q) : bool := Qnum p * Zpos (Qden q) <=? Qnum q * Zpos (Qden p).
Definition least_of (p q : Q) : Q := if at_most p q then p else q.
Definition greatest_of (p q : Q) : Q := if at_most p q then q else p.

(** The ends, either of which may be missing. *)
Record interval := Interval { low_end : option Q; high_end : option Q }.

Definition no_ends : interval := Interval None None.

Definition plus_multiple (t : option Q) (k : Z) (q : option Q) : option Q :=
  match t, q with Some t', Some q' => Some (reduced (t' + (k # 1) * q')%Q) | _, _ => None end.

Fixpoint ends_of_parts (ends : Z -> Z -> interval) (ps : list part) (low high : option Q) : interval :=
  match ps with
  | [] => Interval low high
  | p :: ps' =>
      let e := ends (part_value p) (part_entry p) in
      let k := part_factor p in
      if 0 <? k then ends_of_parts ends ps' (plus_multiple low k (low_end e)) (plus_multiple high k (high_end e))
      else ends_of_parts ends ps' (plus_multiple low k (high_end e)) (plus_multiple high k (low_end e))
  end.

Definition divided_end (d : Z) (e : option Q) : option Q :=
  match e with Some q => Some (reduced (q * (1 # Z.to_pos d))%Q) | None => None end.

Definition ends_of_form (ends : Z -> Z -> interval) (f : form) : interval :=
  let c := Some (form_constant f # 1)%Q in
  let e := ends_of_parts ends (parts f) c c in
  Interval (divided_end (form_denominator f) (low_end e)) (divided_end (form_denominator f) (high_end e)).

(** ** Images *)

(** Of a function that falls to 0 at 0 and then rises, by its values at the ends. *)
Definition valley (low high at_low at_high : Q) : interval :=
  Interval (Some (if at_most low 0 && at_most 0 high then 0%Q else least_of at_low at_high)) (Some (greatest_of at_low at_high)).

Definition leaky_at (s z : Q) : Q := if at_most 0 z then z else reduced (s * z)%Q.

Definition leaky_image (s : Q) (e : interval) : interval :=
  if below_rational 0 s then Interval (option_map (leaky_at s) (low_end e)) (option_map (leaky_at s) (high_end e))
  else if Qnum s =? 0 then
    Interval (Some (match low_end e with Some l => leaky_at s l | None => 0%Q end)) (option_map (leaky_at s) (high_end e))
  else match low_end e, high_end e with
       | Some l, Some h => valley l h (leaky_at s l) (leaky_at s h)
       | _, _ => Interval (Some 0%Q) None
       end.

Definition clipped_at (least most : option Q) (z : Q) : Q :=
  let above := match least with Some l => greatest_of z l | None => z end in
  match most with Some m => least_of above m | None => above end.

Definition otherwise (e other : option Q) : option Q := match e with Some _ => e | None => other end.

Definition clip_image (least most : option Q) (e : interval) : interval :=
  Interval (option_map (clipped_at least most) (otherwise (low_end e) least))
           (option_map (clipped_at least most) (otherwise (high_end e) most)).

Definition square_image (e : interval) : interval :=
  match low_end e, high_end e with
  | Some l, Some h => valley l h (reduced (l * l)) (reduced (h * h))
  | _, _ => Interval (Some 0%Q) None
  end.

Definition name_ends (name : function_name) : interval :=
  match name with
  | Sigmoid => Interval (Some 0%Q) (Some 1%Q)
  | Tanh => Interval (Some (-1)%Q) (Some 1%Q)
  | Softplus | Exp | Sqrt => Interval (Some 0%Q) None
  | Elu => Interval (Some (-1)%Q) None
  | AnotherName => no_ends
  end.

(** The ends of the largest of some numbers. *)
Fixpoint ends_of_largest (ends : list interval) : interval :=
  match ends with
  | [] => no_ends
  | [e] => e
  | e :: rest =>
      let r := ends_of_largest rest in
      Interval (match low_end e, low_end r with Some a, Some b => Some (greatest_of a b) | Some a, None => Some a | None, b => b end)
               (match high_end e, high_end r with Some a, Some b => Some (greatest_of a b) | _, _ => None end)
  end.

(** ** What is told *)

(** Everything; or ReLU(sign z + shift) for each of some signs and shifts. *)
Inductive told := TellsAll | Tells (functions : list (Z * Q)).

Definition is_nonnegative_end (e : option Q) : bool := match e with Some q => at_most 0 q | None => false end.
Definition is_nonpositive_end (e : option Q) : bool := match e with Some q => at_most q 0 | None => false end.

Definition low_acts (least : option Q) (e : interval) : bool :=
  match least with
  | Some l => match low_end e with Some q => below_rational q l | None => true end
  | None => false
  end.

Definition high_acts (most : option Q) (e : interval) : bool :=
  match most with
  | Some m => match high_end e with Some q => below_rational m q | None => true end
  | None => false
  end.

Definition bound (b : option Q) : Q := match b with Some q => q | None => 0%Q end.

(** The table has the slopes of a leaky step. *)
Definition slope_table (op : operation) : table Q :=
  match op with LeakyStep _ slopes => with_entries no_entries slopes | _ => no_entries end.

(** What the entry i of the step's value tells of the one that it reads, whose ends are asked for if they matter. *)
Definition told_by (op : operation) (slopes : table Q) (i : Z) (ends : delayed interval) : told :=
  match op with
  | LeakyStep each _ =>
      match number_at each (size slopes) slopes i with
      | None => Tells []
      | Some s =>
          if below_rational 0 s then TellsAll
          else
            let e := force ends in
            if is_nonnegative_end (low_end e) || (is_nonpositive_end (high_end e) && negb (Qnum s =? 0)) then TellsAll
            else if Qnum s =? 0 then Tells [(1, 0%Q)] else Tells []
      end
  | ClipStep least most =>
      let e := force ends in
      if low_acts least e then if high_acts most e then Tells [] else Tells [(1, Qopp (bound least))]
      else if high_acts most e then Tells [(-1, bound most)] else TellsAll
  | SquareStep =>
      let e := force ends in
      if is_nonnegative_end (low_end e) || is_nonpositive_end (high_end e) then TellsAll else Tells []
  | OneToOneStep _ => TellsAll
  | MaximumStep _ | OtherStep _ => Tells []
  | _ => TellsAll
  end.

(** * Proof *)

Open Scope R_scope.

Definition lies (e : interval) (t : R) : Prop :=
  match low_end e with Some l => Q2R l <= t | None => True end /\ match high_end e with Some h => t <= Q2R h | None => True end.

Lemma reduced_value : forall q, Q2R (reduced q) = Q2R q.
Proof.
  intro q. unfold reduced. set (a := (Qnum q ÷ _)%Z). set (b := (Z.pos (Qden q) ÷ _)%Z).
  destruct ((0 <? b) && (a * Z.pos (Qden q) =? Qnum q * b))%Z eqn:E; [|reflexivity].
  apply andb_prop in E as [B E]. apply Z.ltb_lt in B. apply Z.eqb_eq, (f_equal IZR) in E. rewrite !mult_IZR in E.
  unfold Q2R. cbn [Qnum Qden]. rewrite Z2Pos.id by exact B. apply IZR_lt in B.
  assert (D : 0 < IZR (Z.pos (Qden q))) by (apply (IZR_lt 0); reflexivity).
  apply Rmult_eq_reg_r with (IZR b * IZR (Z.pos (Qden q))); [|apply Rmult_integral_contrapositive_currified; lra].
  transitivity (IZR a * IZR (Z.pos (Qden q))); [field; lra|]. rewrite E. field. lra.
Qed.

Lemma fraction_value : forall q, Q2R q * IZR (Z.pos (Qden q)) = IZR (Qnum q) /\ 0 < IZR (Z.pos (Qden q)).
Proof. intro q. assert (D : 0 < IZR (Z.pos (Qden q))) by (apply (IZR_lt 0); reflexivity). split; [unfold Q2R; field; lra|exact D].
Qed.

Lemma at_most_spec : forall p q, if at_most p q then Q2R p <= Q2R q else Q2R q < Q2R p.
Proof.
  intros p q. unfold at_most. destruct (fraction_value p) as [P P0], (fraction_value q) as [Q0 Q1].
  destruct (Z.leb_spec (Qnum p * Z.pos (Qden q)) (Qnum q * Z.pos (Qden p))) as [L|L].
  - apply IZR_le in L. rewrite !mult_IZR, <- P, <- Q0 in L.
    apply Rmult_le_reg_r with (IZR (Z.pos (Qden p)) * IZR (Z.pos (Qden q))); [apply Rmult_lt_0_compat; assumption|lra].
  - apply IZR_lt in L. rewrite !mult_IZR, <- P, <- Q0 in L.
    apply Rmult_lt_reg_r with (IZR (Z.pos (Qden p)) * IZR (Z.pos (Qden q))); [apply Rmult_lt_0_compat; assumption|lra].
Qed.

Lemma below_rational_spec : forall p q, if below_rational p q then Q2R p < Q2R q else Q2R q <= Q2R p.
Proof.
  intros p q. assert (H := at_most_spec q p). unfold at_most, below_rational in *. rewrite Z.ltb_antisym.
  destruct (Qnum q * Z.pos (Qden p) <=? Qnum p * Z.pos (Qden q))%Z; exact H.
Qed.

Lemma least_of_value : forall p q, Q2R (least_of p q) = Rmin (Q2R p) (Q2R q).
Proof.
  intros p q. unfold least_of. assert (H := at_most_spec p q). unfold Rmin. destruct (at_most p q), (Rle_dec (Q2R p) (Q2R q)); lra.
Qed.

Lemma greatest_of_value : forall p q, Q2R (greatest_of p q) = Rmax (Q2R p) (Q2R q).
Proof.
  intros p q. unfold greatest_of. assert (H := at_most_spec p q). unfold Rmax.
  destruct (at_most p q), (Rle_dec (Q2R p) (Q2R q)); lra.
Qed.

Lemma zero_value : Q2R 0 = 0.
Proof. unfold Q2R. cbn. lra. Qed.

Lemma whole_value : forall k, Q2R (k # 1) = IZR k.
Proof. intro k. unfold Q2R. cbn. field. Qed.

Lemma is_zero_value : forall s, if (Qnum s =? 0)%Z then Q2R s = 0 else Q2R s <> 0.
Proof.
  intro s. destruct (fraction_value s) as [P D]. destruct (Z.eqb_spec (Qnum s) 0) as [E|E].
  - rewrite E in P. apply Rmult_integral in P. lra.
  - intro F. rewrite F, Rmult_0_l in P. apply E. apply eq_IZR. symmetry. exact P.
Qed.

(** ** Forms *)

Lemma plus_multiple_low : forall t k q a b, (match t with Some t' => Q2R t' <= a | None => True end) ->
  (match q with Some q' => IZR k * Q2R q' <= b | None => True end) ->
  match plus_multiple t k q with Some r => Q2R r <= a + b | None => True end.
Proof.
  intros [t|] k [q|] a b T Q; cbn [plus_multiple]; try exact I. rewrite reduced_value, Q2R_plus, Q2R_mult, whole_value. lra.
Qed.

Lemma plus_multiple_high : forall t k q a b, (match t with Some t' => a <= Q2R t' | None => True end) ->
  (match q with Some q' => b <= IZR k * Q2R q' | None => True end) ->
  match plus_multiple t k q with Some r => a + b <= Q2R r | None => True end.
Proof.
  intros [t|] k [q|] a b T Q; cbn [plus_multiple]; try exact I. rewrite reduced_value, Q2R_plus, Q2R_mult, whole_value. lra.
Qed.
