(** Rule "rank": only 0 is orthogonal to rows of integers if an elimination modulo a number finds a pivot with an inverse
    for each column. *)

From Coq Require Import List Bool ZArith Reals Lra Lia.
From Proof Require Import Layers Integers.
Import ListNotations.
Open Scope Z_scope.

Fixpoint euclid (steps : nat) (r0 r1 s0 s1 : Z) : Z :=
  match steps with
  | O => s0
  | S steps' =>
      if r1 =? 0 then s0
      else let (q, r2) := Z.quotrem r0 r1 in euclid steps' r1 r2 s1 (s0 - q * s1)
  end.

(** The inverse modulo p; 0 if there is none. *)
Definition inverse (p a : Z) : Z :=
  let b := a mod p in
  let s := euclid (2 * Pos.size_nat (Z.to_pos p)) p b 0 1 mod p in
  if b * s mod p =? 1 then s else 0.

(** The first row whose first entry has an inverse: the inverse, the other entries of the row, and the other rows. *)
Fixpoint pivot_row (p : Z) (rows : list (list Z)) : option (Z * list Z * list (list Z)) :=
  match rows with
  | [] => None
  | [] :: _ => None
  | ((a :: w) as r) :: rest =>
      let f := if a =? 0 then 0 else inverse p a in
      if f =? 0 then
        match pivot_row p rest with Some (f', w', others) => Some (f', w', r :: others) | None => None end
      else Some (f, w, rest)
  end.

Fixpoint minus_multiple (p k : Z) (v w : list Z) : list Z :=
  match v, w with
  | a :: v', b :: w' => (a - k * b) mod p :: minus_multiple p k v' w'
  | _, _ => []
  end.

Definition without_first (p f : Z) (w r : list Z) : list Z :=
  match r with
  | [] => []
  | a :: v => let k := a * f mod p in if k =? 0 then v else minus_multiple p k v w
  end.

(** The columns from the one with this number on: the first one without a pivot. *)
Fixpoint eliminate (p : Z) (columns : nat) (number : Z) (rows : list (list Z)) : option Z :=
  match columns with
  | O => None
  | S columns' =>
      match pivot_row p rows with
      | None => Some number
      | Some (f, w, others) => eliminate p columns' (number + 1) (map (without_first p f w) others)
      end
  end.

Definition column_without_pivot (p : Z) (n : nat) (rows : list (list Z)) : option Z :=
  if 1 <? p then eliminate p n 0 (map (map (fun a => a mod p)) rows) else Some 0.

(** * Proof *)

Lemma same_length : forall A B (P : A -> B -> Prop) l k, Forall2 P l k -> length l = length k.
Proof. induction 1; cbn; congruence. Qed.

Section Modulo.

Variable p : Z.
Hypothesis p_above_one : 1 < p.

Definition unit_modulo (u : Z) : Prop := exists w, (p | u * w - 1).

(** The exact row is the one that is computed, up to a unit. *)
Definition computes (n : nat) (c e : list Z) : Prop :=
  length c = n /\ exists u, unit_modulo u /\ Forall2 (fun a b => (p | b - u * a)) c e.

Lemma unit_product : forall u v, unit_modulo u -> unit_modulo v -> unit_modulo (u * v).
Proof.
  intros u v [s [a S]] [t [b T]]. exists (s * t). exists (a * (v * t) + b).
  replace (u * v * (s * t) - 1) with ((u * s - 1) * (v * t) + (v * t - 1)) by ring. rewrite S, T. ring.
Qed.

Lemma inverse_spec : forall a, inverse p a <> 0 -> (p | a * inverse p a - 1).
Proof.
  intros a H. unfold inverse in *. set (s := euclid _ _ _ _ _ mod p) in *.
  destruct (Z.eqb_spec ((a mod p) * s mod p) 1) as [E|E]; [|contradiction].
  rewrite Z.mul_mod_idemp_l in E by lia. exists (a * s / p). rewrite (Z.div_mod (a * s) p) at 1 by lia. rewrite E. ring.
Qed.

Lemma pivot_row_spec : forall rows f w others, pivot_row p rows = Some (f, w, others) ->
  exists a before after, rows = before ++ (a :: w) :: after /\ others = before ++ after /\ f <> 0 /\ f = inverse p a.
Proof.
  induction rows as [|[|a v] rest IH]; intros f w others H; cbn [pivot_row] in H; try discriminate H.
  destruct (Z.eqb_spec (if a =? 0 then 0 else inverse p a) 0) as [E|E].
  - destruct (pivot_row p rest) as [[[f' w'] others']|]; [|discriminate]. injection H as <- <- <-.
    destruct (IH f' w' others' eq_refl) as (b & before & after & -> & -> & F & E'). exists b, ((a :: v) :: before), after.
    repeat split; auto.
  - injection H as <- <- <-. exists a, [], rest. repeat split; try exact E. destruct (a =? 0); [lia|reflexivity].
Qed.

(** The exact elimination: c times a row minus a times the pivot row. *)
Definition exact_step (c : Z) (w r : list Z) : list Z := match r with [] => [] | a :: v => combined c v a w end.

Lemma minus_multiple_length : forall k v w, length v = length w -> length (minus_multiple p k v w) = length v.
Proof. induction v as [|a v IH]; intros [|b w] L; try discriminate L; cbn [minus_multiple length]; [reflexivity|].
rewrite IH; auto. Qed.

Lemma step_computes : forall n a w e ew r er, computes (S n) (a :: w) (e :: ew) -> computes (S n) r er -> (p | a * inverse p a - 1) ->
  computes n (without_first p (inverse p a) w r) (exact_step e ew er).
Proof.
  intros n a w e ew r er [LA (u & U & FA)] [LR (s & S & FR)] IA. set (f := inverse p a) in *. clearbody f.
  destruct r as [|b v]; [discriminate LR|]. inversion FR as [|? d ? ev HB FV]; subst. inversion FA as [|? ? ? ? HA FW]; subst.
  cbn [without_first exact_step]. injection LA as LA. injection LR as LR.
  assert (UN : unit_modulo (u * s * a)) by (apply unit_product; [apply unit_product; assumption|exists f; exact IA]).
  assert (G : forall k, (p | k - b * f) -> forall v w ev ew, Forall2 (fun a b => (p | b - s * a)) v ev ->
    Forall2 (fun a b => (p | b - u * a)) w ew -> length v = length w ->
    Forall2 (fun x y => (p | y - u * s * a * x)) (minus_multiple p k v w) (combined e ev d ew)).
  { intros k K v0 w0 ev0 ew0 V0. revert w0 ew0.
    induction V0 as [|x x' v0 ev0 HX V0 IH]; intros w0 ew0 W0 L; destruct W0 as [|y y' w0 ew0 HY W0]; try discriminate L.
    - constructor.
    - cbn [minus_multiple combined]. constructor; [|apply IH; auto].
      destruct HX as [q1 HX], HY as [q2 HY], HA as [q3 HA], HB as [q4 HB], IA as [q5 IA], K as [q6 K].
      assert (M := Z.div_mod (x - k * y) p ltac:(lia)). set (m := (x - k * y) mod p) in *. set (q7 := (x - k * y) / p) in *.
      assert (x' = s * x + q1 * p) by lia. assert (y' = u * y + q2 * p) by lia. assert (e = u * a + q3 * p) by lia.
      assert (d = s * b + q4 * p) by lia. assert (m = x - k * y - p * q7) by lia. clearbody m q7.
      assert (AK : a * k = b + (q5 * b + a * q6) * p).
      { replace k with (b * f + q6 * p) by lia. replace (a * (b * f + q6 * p)) with (b * (a * f - 1) + b + a * q6 * p) by ring.
        rewrite IA. ring. }
      subst x' y' e d m.
      exists (u * a * q1 + q3 * s * x + q3 * q1 * p - s * b * q2 - q4 * u * y - q4 * q2 * p + u * s * a * q7 + u * s * y *
        (q5 * b + a * q6)).
      replace (u * s * a * (x - k * y - p * q7)) with (u * s * a * x - u * s * y * (a * k) - u * s * a * p * q7) by ring.
      rewrite AK. ring. }
  destruct (Z.eqb_spec (b * f mod p) 0) as [Z0|N0].
  - split; [exact LR|]. exists (u * s * a). split; [exact UN|].
    assert (T : forall v w : list Z, length v = length w -> Forall2 (fun x y : Z => (p | y - x)) v (minus_multiple p 0 v w)).
    { induction v0 as [|x v0 IH]; intros [|y w0] L; try discriminate L; cbn [minus_multiple]; constructor; [|apply IH; auto].
      exists (- ((x - 0 * y) / p)). assert (M := Z.div_mod (x - 0 * y) p ltac:(lia)). lia. }
    assert (K0 : (p | 0 - b * f)) by (exists (- (b * f / p)); assert (M := Z.div_mod (b * f) p ltac:(lia)); lia).
    specialize (G 0 K0 v w ev ew FV FW ltac:(congruence)). specialize (T v w ltac:(congruence)).
    clear - G T. revert G. generalize (combined e ev d ew) as l.
    induction T as [|x y v m H T IH]; intros l G; inversion G as [|? z ? l' HZ G']; subst; constructor; [|apply IH, G'].
    destruct H as [q1 H], HZ as [q2 HZ]. exists (q2 + u * s * a * q1).
    replace (z - u * s * a * x) with ((z - u * s * a * y) + u * s * a * (y - x)) by ring. rewrite H, HZ. ring.
  - split; [rewrite minus_multiple_length; congruence|]. exists (u * s * a). split; [exact UN|].
    apply G; try assumption; [|congruence].
    exists (- (b * f / p)). assert (M := Z.div_mod (b * f) p ltac:(lia)). lia.
Qed.

Open Scope R_scope.

Lemma idot_combined : forall v w c a (x : point), length v = length w ->
  idot (combined c v a w) x = IZR c * idot v x - IZR a * idot w x.
Proof.
  induction v as [|b v IH]; intros [|d w] c a x L; try discriminate L; cbn [combined map idot]; [ring|].
  rewrite IH by auto. rewrite minus_IZR, !mult_IZR. ring.
Qed.

Lemma eliminate_right : forall n number computed exact, Forall2 (computes n) computed exact -> eliminate p n number computed = None ->
  forall v, (forall e, In e exact -> idot e v = 0) -> same n v zero_point.
Proof.
  induction n as [|n IH]; intros number computed exact F H v O; [intros j J; lia|]. cbn [eliminate] in H.
  destruct (pivot_row p computed) as [[[f w] others]|] eqn:P; [|discriminate].
  apply pivot_row_spec in P as (a & before & after & -> & -> & N & ->). apply inverse_spec in N.
  apply Forall2_app_inv_l in F as (eb & er & FB & FR & ->). inversion FR as [|? e ? ea HP FA]; subst.
  destruct e as [|e ew]; [destruct HP as [_ (u & _ & X)]; inversion X|].
  assert (LW : length w = length ew) by (destruct HP as [_ (u & _ & X)]; inversion X as [|? ? ? ? _ Y]; subst;
    apply (same_length _ _ _ _ _ Y)).
  assert (E0 : e <> 0%Z).
  { intros ->. destruct HP as [_ (u & (t & UT) & X)]. inversion X as [|? ? ? ? HA _]; subst.
    assert (D : (p | 1)%Z); [|apply Z.divide_1_r in D; lia].
    assert (D1 : (p | u * a)%Z) by (destruct HA as [q HA]; exists (- q)%Z; lia).
    assert (D2 : (p | u * a * (t * inverse p a))%Z) by (apply Z.divide_mul_l, D1).
    destruct UT as [q1 UT], N as [q2 N], D2 as [q3 D2]. exists (q3 - q1 * (a * inverse p a) - q2)%Z.
    replace (u * a * (t * inverse p a))%Z with ((u * t - 1) * (a * inverse p a) + (a * inverse p a - 1) + 1)%Z in D2 by ring.
    rewrite UT, N in D2. lia. }
  assert (OE : IZR e * v 0%nat + idot ew (fun j => v (S j)) = 0) by (apply (O (e :: ew)), in_or_app; right; left; reflexivity).
  assert (T : same n (fun j => v (S j)) zero_point).
  { refine (IH (number + 1)%Z _ (map (exact_step e ew) (eb ++ ea)) _ H _ _).
    - apply Forall2_app with (1 := FB) in FA. clear - FA HP N p_above_one. revert FA.
      generalize (before ++ after) as l, (eb ++ ea) as k.
      induction 1 as [|c d l k HC _ IH]; cbn [map]; constructor; [|exact IH]. apply step_computes; assumption.
    - intros d D. apply in_map_iff in D as (r & <- & D).
      assert (Forall2 (computes (S n)) (before ++ after) (eb ++ ea)) as FF by (apply Forall2_app; assumption).
      assert (OR : idot r v = 0). { apply O.
      apply in_app_iff in D as [D|D]; apply in_or_app; [left; exact D|right; right; exact D]. }
      assert (LR : length r = S n).
      { clear - FF D. revert D.
        induction FF as [|c d l k [L (u & _ & X)] _ IH]; [intros []|intros [<-|D]; [rewrite <- (same_length _ _ _ _ _ X);
          exact L|apply IH, D]]. }
      destruct r as [|b rv]; [reflexivity|]. cbn [exact_step]. injection LR as LR.
      destruct HP as [LP _]. cbn in LP. injection LP as LP. rewrite idot_combined by congruence. cbn [idot] in OR.
      assert (B1 : idot rv (fun j => v (S j)) = - (IZR b * v 0%nat)) by lra.
      assert (B2 : idot ew (fun j => v (S j)) = - (IZR e * v 0%nat)) by lra. rewrite B1, B2. ring. }
  assert (V0 : v 0%nat = 0).
  { rewrite (idot_ext ew _ (times 0 zero_point)) in OE.
    - rewrite idot_times in OE. assert (IZR e <> 0) by (apply not_0_IZR, E0). apply Rmult_eq_reg_l with (IZR e); lra.
    - intros j J. destruct HP as [LP _]. cbn in LP. injection LP as LP. assert (TJ := T j ltac:(lia)). cbn beta in TJ. rewrite TJ.
      unfold times, zero_point. ring. }
  intros [|j] J; [exact V0|apply (T j); lia].
Qed.

End Modulo.

Theorem rank_sound : forall p n rows, column_without_pivot p n rows = None -> (forall r, In r rows -> length r = n) ->
  forall v, (forall r, In r rows -> idot r v = 0%R) -> same n v zero_point.
Proof.
  intros p n rows H L v O. unfold column_without_pivot in H. destruct (Z.ltb_spec 1 p) as [P|]; [|discriminate].
  refine (eliminate_right p P n 0 _ rows _ H v O).
  clear - L P. induction rows as [|r rows IH]; cbn [map]; constructor; [|apply IH; intros s S; apply L; right; exact S].
  split; [rewrite map_length; apply L; left; reflexivity|]. exists 1. split; [exists 1, 0; lia|].
  clear. induction r as [|a r IH]; cbn [map]; constructor; [|exact IH].
  exists (a / p). destruct (Z.eq_dec p 0) as [->|N]; [rewrite Zmod_0_r, Zdiv_0_r; lia|]. assert (M := Z.div_mod a p N). lia.
Qed.
