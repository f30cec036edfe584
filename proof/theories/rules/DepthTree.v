(** Rule "depth-tree": alpha* of every row; a point that attains it, and a tree that shows that nothing is below. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia Arith.
From Proof Require Import Layers AlphaStar Streams Integers Rows Domains Interior Elimination Tables Combinations Cones Roots.
Import ListNotations.
Open Scope Z_scope.

(** Rows with multipliers, for a level that is not positive; rows whose halfspaces make a cone, for one that is. *)
Inductive depth_refuter := Short (pairs : list (Z * Q)) | Cone (rows : list Z).

(** What the proof holds about one row, in this order. *)
Record depth_row := DepthRow {
  about : Z; stated : level; attained : option (list Q); row_refuters : stream depth_refuter; row_tokens : stream Z }.

(** The radius, if the domain is a ball with center 0, a nonnegative ball or a sphere. *)
Definition radius_of (n : nat) (K : domain) : option Q :=
  let positive r := if 0 <? Qnum r then Some r else None in
  match K with
  | Ball center r => if has_length n center && forallb (fun q => Qnum q =? 0) center then positive r else None
  | NonnegativeBall r | Sphere r => positive r
  | _ => None
  end.

Definition is_sphere (K : domain) : bool := match K with Sphere _ => true | _ => false end.
Definition is_nonnegative (K : domain) : bool := match K with NonnegativeBall _ => true | _ => false end.

Definition is_level (K : domain) (a : level) : bool :=
  match a with
  | Infinity => is_sphere K
  | Root sign square =>
      (0 <=? Qnum square) && Bool.eqb (Qnum square =? 0) (sign =? 0) &&
      ((sign =? 0) || (sign =? -1) || ((sign =? 1) && is_sphere K))
  end.

(** A number with the sign of r <x, w> / |x| minus the level, where w is the row and x is not 0. *)
Definition excess (own : integer_row) (radius : Q) (sign : Z) (square : Q) (x : list Z) : Z :=
  let p := product (weights own) x in
  let rd := Zpos (Qden radius) in
  Qnum radius * Qnum radius * Zpos (Qden square) * (p * Z.abs p)
  - sign * (Qnum square * (rd * rd) * (denominator own * denominator own) * product x x).

Definition is_above (own : integer_row) (p : Z) (x : list Z) (r : integer_row) : bool :=
  p * denominator r <? product (weights r) x * denominator own.

Fixpoint count_above (own : integer_row) (p : Z) (x : list Z) (rows : list integer_row) : Z :=
  match rows with
  | [] => 0
  | r :: rows' => (if is_above own p x r then 1 else 0) + count_above own p x rows'
  end.

Section Row.

Variable n : nat.
Variable K : domain.
Variable radius : Q.
Variable rows : list integer_row.
Variable functions : table integer_row.
Variable j : Z.
Variable own : integer_row.

(** Whether the point x, or its multiple on the sphere, attains the number. *)
Definition check_attained (sign : Z) (square : Q) (x : list Z) : outcome unit :=
  if is_nonnegative K && negb (forallb (fun a => 0 <=? a) x) then Bad PointNegative
  else if forallb (fun a => a =? 0) x then if is_sphere K || negb (sign =? 0) then Bad PointZero else Good tt
  else
    let count := count_above own (product (weights own) x) x rows in
    if Z.of_nat n <=? count then Bad (PointAbove count)
    else if excess own radius sign square x =? 0 then Good tt else Bad PointValue.

Definition check_point (a : level) (at_point : option (list Q)) : outcome unit :=
  match a, at_point with
  | Infinity, None => Good tt
  | Root sign square, Some z =>
      match over_one_denominator z with
      | Some (x, _) => if has_length n x then check_attained sign square x else Bad WrongShape
      | None => Bad WrongShape
      end
  | _, _ => Bad PointMissing
  end.

(** d times the sum of the rows with their multipliers; None if d is not a multiple of a denominator. *)
Fixpoint weighted (d : Z) (ts : list term) : option (list Z) :=
  match ts with
  | [] => Some []
  | t :: ts' =>
      let q := Z.quot d (denominator (function t)) in
      if q * denominator (function t) =? d then
        match weighted d ts' with
        | Some g => Some (added g (multiplier t * q) (weights (function t)))
        | None => None
        end
      else None
  end.

Definition sum_of (ts : list term) : Z := fold_right (fun t s => multiplier t + s) 0 ts.

(** Whether z = w_j + sum_i lambda_i (w_i - w_j) is short: r |z| <= sqrt(square); lambda over the denominator e. *)
Definition is_short (square : Q) (ts : list term) (e : Z) : bool :=
  let all := Term j (e - sum_of ts) own :: ts in
  let d := common_multiple all in
  match weighted d all with
  | Some g =>
      let h := if is_nonnegative K then negative_part g else g in
      let rd := Zpos (Qden radius) in
      (0 <? d) && has_length n g &&
      (Qnum radius * Qnum radius * Zpos (Qden square) * product h h
        <=? Qnum square * (rd * rd) * (d * e * (d * e)))
  | None => false
  end.

(** d_i d_j (w_i - w_j). *)
Definition difference_of (t : term) : list Z :=
  combined (denominator own) (weights (function t)) (denominator (function t)) (weights own).

Definition no_ray_below (a : level) (rays : list (list Z)) : bool :=
  match a with
  | Infinity => match rays with [] => true | _ => false end
  | Root sign square => forallb (fun p => has_length n p && (0 <=? excess own radius sign square p)) rays
  end.

Definition check_short (square : Q) (pairs : list (Z * Q)) : outcome (list Z) :=
  match over_one_denominator (map snd pairs) with
  | None => Bad WrongShape
  | Some (ks, e) =>
      match terms_of functions 0 (combine (map fst pairs) ks) with
      | Bad why => Bad why
      | Good ts =>
          if existsb (fun t => row_number t =? j) ts then Bad (NamesItself j)
          else if negb (forallb (fun t => 0 <? multiplier t) ts) then Bad WrongMultiplier
          else if is_short square ts e then Good (map row_number ts) else Bad TooLong
      end
  end.

Definition check_cone (a : level) (named_rows : list Z) : outcome (list Z) :=
  match terms_of functions 0 (map (fun i => (i, 1)) named_rows) with
  | Bad why => Bad why
  | Good ts =>
      if existsb (fun t => row_number t =? j) ts then Bad (NamesItself j)
      else
        match rays_of n (map difference_of ts) with
        | None => Bad HasLine
        | Some rays => if no_ray_below a rays then Good (map row_number ts) else Bad (RayBelow j)
        end
  end.

(** The rows of a refuter that holds: where row j is below the level, one of them is above it. *)
Definition row_support (a : level) (refuter : depth_refuter) : outcome (list Z) :=
  match refuter, a with
  | Short pairs, Root sign square => if sign <=? 0 then check_short square pairs else Bad WrongShape
  | Cone named_rows, Root sign _ => if sign =? 1 then check_cone a named_rows else Bad WrongShape
  | Cone named_rows, Infinity => check_cone a named_rows
  | _, _ => Bad WrongShape
  end.

Fixpoint read_supports (a : level) (refuters : stream depth_refuter) (supports : table (list Z)) : outcome (table (list Z)) :=
  match refuters with
  | Done => Good supports
  | More refuter rest =>
      match row_support a refuter with
      | Good support => read_supports a rest (with_entry supports support)
      | Bad why => Bad why
      end
  end.

End Row.

Section Walk.

Variable supports : table (list Z).

Fixpoint first_known (S : Z) (C : list Z) : option Z :=
  match C with [] => None | i :: C' => if member S i then Some i else first_known S C' end.

Definition depth_node := Z -> Z -> stream Z -> outcome (stream Z).

(** The children of a node, for the rows of its refuter; [read] reads the node of a child. *)
Fixpoint depth_children (read : depth_node) (S : Z) (C : list Z) (E : Z) (tokens : stream Z) : outcome (stream Z) :=
  match C with
  | [] => Good tokens
  | i :: C' =>
      if member E i then depth_children read S C' E tokens
      else
        match read (with_member S i) E tokens with
        | Good rest => depth_children read S C' (with_member E i) rest
        | Bad why => Bad why
        end
  end.

(** S: rows above j, so many that [depth] more make n - 1; E: rows that are not. *)
Fixpoint read_depth_node (depth : nat) (S E : Z) (tokens : stream Z) : outcome (stream Z) :=
  match tokens with
  | Done => Bad TreeEnds
  | More token rest =>
      match entry supports token with
      | None => Bad (NoSuchEntry token)
      | Some C =>
          match first_known S C, depth with
          | Some i, _ => Bad (KnownAbove i)
          | None, O => Good rest
          | None, S depth' => depth_children (read_depth_node depth') S C E rest
          end
      end
  end.

End Walk.

(** The level, the point, every refuter, then the tree. *)
Definition check_depth_row (depth : nat) (K : domain) (radius : Q) (rows : list integer_row) (functions : table integer_row)
  (j : Z) (own : integer_row) (p : depth_row) : outcome unit :=
  let n := Datatypes.S depth in
  if negb ((about p =? j) && is_level K (stated p)) then Bad WrongLevel
  else
    match check_point n K radius rows own (stated p) (attained p) with
    | Bad why => Bad why
    | Good _ =>
        match read_supports n K radius functions j own (stated p) (row_refuters p) no_entries with
        | Bad why => Bad why
        | Good supports =>
            match read_depth_node supports depth 0 0 (row_tokens p) with
            | Good Done => Good tt
            | Good (More _ _) => Bad TreeGoesOn
            | Bad why => Bad why
            end
        end
    end.

Fixpoint check_depth_rows (depth : nat) (K : domain) (radius : Q) (rows : list integer_row) (functions : table integer_row)
  (j : Z) (todo : list integer_row) (proofs : stream depth_row) : outcome unit :=
  match proofs, todo with
  | Done, [] => Good tt
  | Done, _ => Bad (RowsEnd j)
  | More _ _, [] => Bad RowsGoOn
  | More p rest, own :: todo' =>
      match check_depth_row depth K radius rows functions j own p with
      | Good _ => check_depth_rows depth K radius rows functions (j + 1) todo' rest
      | Bad why => Bad why
      end
  end.

Definition check_depth_tree (n : nat) (K : domain) (layer : list row) (proofs : stream depth_row) : outcome unit :=
  match n, radius_of n K, integer_rows n 0 layer with
  | S depth, Some radius, Some rows =>
      check_depth_rows depth K radius rows (with_entries no_entries rows) 0 rows proofs
  | _, None, _ => Bad NoCenteredBall
  | _, _, _ => Bad WrongShape
  end.

(** The levels that a proof states. *)
Fixpoint levels_of (proofs : stream depth_row) : list level :=
  match proofs with Done => [] | More p rest => stated p :: levels_of rest end.

Open Scope R_scope.

(** * The tree *)

Section Tree.

Variable n : nat.
(** Which rows are above j at a point. *)
Variable above : Z -> Prop.
Hypothesis above_or_not : forall i, above i \/ ~ above i.
Hypothesis above_natural : forall i, above i -> (0 <= i)%Z.
Hypothesis few : forall chosen, NoDup chosen -> (forall i, In i chosen -> above i) -> (length chosen < n)%nat.

Definition known (S : Z) (chosen : list Z) : Prop :=
  NoDup chosen /\ forall i, In i chosen -> above i /\ member S i = true.

(** What a node claims: that there is no such point. *)
Definition contradicts (depth : nat) (read : depth_node) : Prop :=
  forall S E tokens rest, read S E tokens = Good rest ->
    forall chosen, known S chosen -> (length chosen + depth + 1 = n)%nat ->
    (forall i, above i -> member E i = false) -> False.

Lemma first_known_none : forall S C, first_known S C = None -> forall i, In i C -> member S i = false.
Proof.
  induction C as [|k C IH]; intros H i I; [destruct I|]. cbn [first_known] in H.
  destruct (member S k) eqn:M; [discriminate|]. destruct I as [<-|I]; [exact M|apply IH; assumption].
Qed.

Lemma depth_children_sound : forall depth read, contradicts depth read ->
  forall S C E tokens rest, depth_children read S C E tokens = Good rest ->
    forall chosen, known S chosen -> (length chosen + Datatypes.S depth + 1 = n)%nat ->
    (forall i, above i -> member E i = false) ->
    (exists i, In i C /\ above i) -> (forall i, In i C -> member S i = false /\ (0 <= i)%Z) -> False.
Proof.
  intros depth read R S C. induction C as [|i C IH]; intros E tokens rest H chosen KN L AE (k & KC & AK) NS; [destruct KC|].
  destruct (NS i (or_introl eq_refl)) as [MS I0].
  assert (NS' : forall l, In l C -> member S l = false /\ (0 <= l)%Z) by (intros l LC; apply NS; right; exact LC).
  cbn [depth_children] in H. destruct (above_or_not i) as [A|A].
  - rewrite (AE i A) in H. destruct (read (with_member S i) E tokens) as [rest'|] eqn:Q; [|discriminate].
    apply (R _ _ _ _ Q (i :: chosen)); [|cbn [length]; lia|exact AE]. destruct KN as [ND KN]. split.
    + constructor; [|exact ND]. intro F. apply KN in F as [_ F]. congruence.
    + intros l [<-|F]; [split; [exact A|apply member_with_self, I0]|]. destruct (KN l F) as [AL ML].
      split; [exact AL|]. apply member_with_other; assumption.
  - assert (EX : exists l, In l C /\ above l).
    { exists k. destruct KC as [->|KC]; [contradiction|]. auto. }
    destruct (member E i) eqn:ME; [apply (IH _ _ _ H chosen KN L AE EX NS')|].
    destruct (read (with_member S i) E tokens) as [rest'|]; [|discriminate].
    apply (IH _ _ _ H chosen KN L); auto. intros l AL. destruct (member (with_member E i) l) eqn:ML; [|reflexivity].
    destruct (member_with E i l I0 ML) as [->|F]; [contradiction|]. rewrite (AE l AL) in F. discriminate.
Qed.

Lemma read_depth_node_sound : forall supports,
  (forall token C, entry supports token = Some C -> (exists i, In i C /\ above i) /\ forall i, In i C -> (0 <= i)%Z) ->
  forall depth, contradicts depth (read_depth_node supports depth).
Proof.
  intros supports HS. induction depth as [|depth IH]; intros S E tokens rest H chosen KN L AE;
    cbn [read_depth_node] in H; destruct tokens as [|token tokens]; try discriminate;
    destruct (entry supports token) as [C|] eqn:EC; try discriminate; destruct (HS _ _ EC) as [(k & KC & AK) NC];
    destruct (first_known S C) eqn:F; try discriminate; assert (NS := first_known_none S C F).
  - destruct KN as [ND KN]. assert (LT : (length (k :: chosen) < n)%nat); [|cbn [length] in LT; lia].
    apply few.
    + constructor; [|exact ND]. intro I. apply KN in I as [_ I]. rewrite (NS k KC) in I. discriminate.
    + intros i [<-|I]; [exact AK|apply KN, I].
  - apply (depth_children_sound depth _ IH S C E tokens rest H chosen KN L AE).
    + exists k. auto.
    + intros i I. split; [apply NS, I|apply NC, I].
Qed.

End Tree.

(** * Numbers *)

(** <w, x> for the row as it is, without its denominator. *)
Definition at_row (r : integer_row) (x : point) : R := idot (weights r) x / IZR (denominator r).

(** |x|^2. *)
Definition norm2 (n : nat) (x : point) : R := square_distance (repeat 0%Q n) x.

Lemma norm2_integer : forall p, norm2 (length p) (integer_point p) = IZR (product p p).
Proof.
  unfold norm2. induction p as [|a p IH]; [reflexivity|]. cbn [length repeat square_distance product].
  rewrite Q2R_zero, plus_IZR, mult_IZR, <- IH. unfold integer_point at 1 2. cbn [nth].
  change (fun j => integer_point (a :: p) (S j)) with (integer_point p). ring.
Qed.

Lemma norm2_moved : forall p x y t, (forall j, (j < length p)%nat -> x j = y j + t * IZR (nth j p 0%Z)) ->
  norm2 (length p) x = norm2 (length p) y + 2 * t * idot p y + t * t * IZR (product p p).
Proof.
  unfold norm2. induction p as [|a p IH]; intros x y t H; cbn [length repeat square_distance product idot]; [ring|].
  rewrite (IH (fun j => x (S j)) (fun j => y (S j)) t).
  - rewrite (H 0%nat) by (simpl; lia). cbn [nth]. rewrite Q2R_zero, plus_IZR, mult_IZR. ring.
  - intros j J. apply (H (S j)). simpl. lia.
Qed.

Lemma cauchy_schwarz_norm : forall n g x, (length g <= n)%nat -> idot g x * idot g x <= IZR (product g g) * norm2 n x.
Proof.
  intros n g x L. assert (C := cauchy_schwarz g (repeat 0%Q n) x). rewrite repeat_length in C. specialize (C L).
  cbn zeta in C. rewrite (idot_ext _ (fun j => x j - Q2R (nth j (repeat 0%Q n) 0%Q)) x) in C; [exact C|].
  intros j _. rewrite nth_repeat_zero, Q2R_zero. ring.
Qed.

Definition signed_square (t : R) : R := t * Rabs t.

Lemma signed_square_le : forall t u, signed_square u <= signed_square t -> u <= t.
Proof.
  intros t u H. unfold signed_square in H. destruct (Rle_or_lt u t) as [L|L]; [exact L|exfalso].
  unfold Rabs in H. destruct (Rcase_abs t), (Rcase_abs u); nra.
Qed.

Lemma signed_square_times : forall c t, 0 <= c -> signed_square (c * t) = c * c * signed_square t.
Proof. intros c t C. unfold signed_square. rewrite Rabs_mult, (Rabs_pos_eq c C). ring. Qed.

(** The signs that a level may have. *)
Definition is_sign (s : Z) : Prop := s = (-1)%Z \/ s = 0%Z \/ s = 1%Z.

(** The number that a level stands for. *)
Definition is_number (sign : Z) (square : Q) (a : R) : Prop := signed_square a = IZR sign * Q2R square.

Lemma has_number : forall sign square, is_sign sign -> 0 <= Q2R square -> exists a, is_number sign square a.
Proof.
  intros sign square S Q. destruct (rational_root square Q) as (s & P & E). exists (IZR sign * s).
  unfold is_number, signed_square. rewrite Rabs_mult, (Rabs_pos_eq s P), <- E.
  destruct S as [->|[->| ->]]; rewrite <- abs_IZR; cbn [Z.abs]; ring.
Qed.

Lemma negative_number : forall sign square a, is_number sign square a -> (sign <= 0)%Z -> is_sign sign ->
  0 <= Q2R square -> (sign = 0%Z -> Q2R square = 0) -> 0 <= - a /\ - a * - a = Q2R square.
Proof.
  intros sign square a H L S Q Z0. unfold is_number, signed_square in H.
  assert (E : a * Rabs a = - Q2R square).
  { destruct S as [->|[->| ->]]; [lra| |lia]. rewrite (Z0 eq_refl) in *. lra. }
  unfold Rabs in E. destruct (Rcase_abs a); split; nra.
Qed.

Lemma positive_number : forall square a, is_number 1 square a -> 0 <= Q2R square -> 0 <= a /\ a * a = Q2R square.
Proof.
  intros square a H Q. unfold is_number, signed_square in H. unfold Rabs in H. destruct (Rcase_abs a); split; nra.
Qed.

Lemma numerator_of : forall q, IZR (Qnum q) = Q2R q * IZR (Zpos (Qden q)).
Proof. intro q. symmetry. apply radius_square. Qed.

Lemma denominator_positive : forall q, 0 < IZR (Zpos (Qden q)).
Proof. intro q. apply (IZR_lt 0). reflexivity. Qed.

Lemma not_negative_rational : forall q, (0 <=? Qnum q)%Z = true -> 0 <= Q2R q.
Proof.
  intros q H. apply Z.leb_le, IZR_le in H. rewrite numerator_of in H. assert (D := denominator_positive q). nra.
Qed.

Section Excess.

Variable own : integer_row.
Variable radius square : Q.
Variable sign : Z.
Hypothesis own_positive : 0 < IZR (denominator own).
Hypothesis radius_positive : 0 < Q2R radius.
Variable number : R.
Hypothesis number_is : is_number sign square number.

Let r := Q2R radius.

(** r <x, w> and the number times |x|, by the sign of the excess. *)
Lemma excess_value : forall p sigma, 0 <= sigma -> sigma * sigma = IZR (product p p) ->
  exists f, 0 < f /\ IZR (excess own radius sign square p) =
    f * (signed_square (r * at_row own (integer_point p)) - signed_square (sigma * number)).
Proof.
  intros p sigma SP SS. assert (RD := denominator_positive radius). assert (SD := denominator_positive square).
  set (rd := IZR (Zpos (Qden radius))) in *. set (sd := IZR (Zpos (Qden square))) in *. set (D := IZR (denominator own)) in *.
  exists (rd * rd * sd * (D * D)). split.
  - apply Rmult_lt_0_compat; apply Rmult_lt_0_compat; try assumption. apply Rmult_lt_0_compat; assumption.
  - rewrite !signed_square_times by (unfold r; lra). rewrite SS, number_is.
    unfold excess. rewrite minus_IZR, !mult_IZR, abs_IZR, !numerator_of. fold rd sd D.
    unfold at_row, integer_point. rewrite idot_nth. unfold signed_square.
    fold D. set (P := IZR (product (weights own) p)). unfold Rdiv. rewrite Rabs_mult, Rabs_inv, (Rabs_pos_eq D) by lra.
    unfold r. field. lra.
Qed.

Lemma excess_not_negative : forall p sigma, 0 <= sigma -> sigma * sigma = IZR (product p p) ->
  (0 <= excess own radius sign square p)%Z -> sigma * number <= r * at_row own (integer_point p).
Proof.
  intros p sigma SP SS H. destruct (excess_value p sigma SP SS) as (f & F & E). apply IZR_le in H. rewrite E in H.
  apply signed_square_le. nra.
Qed.

Lemma excess_zero : forall p sigma, 0 <= sigma -> sigma * sigma = IZR (product p p) ->
  excess own radius sign square p = 0%Z -> sigma * number = r * at_row own (integer_point p).
Proof.
  intros p sigma SP SS H. destruct (excess_value p sigma SP SS) as (f & F & E). rewrite H in E.
  assert (signed_square (r * at_row own (integer_point p)) = signed_square (sigma * number)) by nra.
  apply Rle_antisym; apply signed_square_le; lra.
Qed.

End Excess.

(** * The domain *)

Lemma zero_center : forall center x, forallb (fun q => Qnum q =? 0)%Z center = true ->
  square_distance center x = norm2 (length center) x.
Proof.
  unfold norm2. induction center as [|q center IH]; intros x H; [reflexivity|]. cbn [forallb] in H.
  apply andb_prop in H as [A H]. apply Z.eqb_eq in A. cbn [length repeat square_distance]. rewrite (IH _ H), Q2R_zero.
  replace (Q2R q) with 0; [reflexivity|]. unfold Q2R. rewrite A. ring.
Qed.

Section Domain.

Variable n : nat.
Variable K : domain.
Variable radius : Q.
Hypothesis round : radius_of n K = Some radius.

Lemma radius_of_positive : 0 < Q2R radius.
Proof.
  unfold radius_of in round. cbn zeta in round.
  destruct K as [| |l u|c r|r|f i|r]; try discriminate; try (destruct (_ && _)%bool; [|discriminate]);
    destruct (0 <? Qnum r)%Z eqn:P; try discriminate; injection round as <-; apply positive_radius, P.
Qed.

Lemma inside_round : forall x, inside n K x ->
  norm2 n x <= Q2R radius * Q2R radius /\ (is_nonnegative K = true -> nonnegative_point n x) /\
  (is_sphere K = true -> norm2 n x = Q2R radius * Q2R radius).
Proof.
  intros x X. unfold radius_of in round. cbn zeta in round.
  destruct K as [| |l u|c r|r|f i|r]; try discriminate; cbn [inside is_nonnegative is_sphere] in *.
  - destruct (has_length n c && _)%bool eqn:E; [|discriminate]. apply andb_prop in E as [L Z0]. apply has_length_spec in L.
    destruct (0 <? Qnum r)%Z; [|discriminate]. injection round as ->. rewrite (zero_center c x Z0), L in X.
    split; [exact X|]. split; discriminate.
  - destruct (0 <? Qnum r)%Z; [|discriminate]. injection round as ->. destruct X as [X Y]. split; [exact Y|]. split; [auto|discriminate].
  - destruct (0 <? Qnum r)%Z; [|discriminate]. injection round as ->. unfold norm2. rewrite X. split; [lra|]. split; [discriminate|auto].
Qed.

Lemma round_inside : forall x, norm2 n x = Q2R radius * Q2R radius \/ is_sphere K = false /\ norm2 n x = 0 ->
  (is_nonnegative K = true -> nonnegative_point n x) -> inside n K x.
Proof.
  intros x X N. assert (P := radius_of_positive). assert (X' : norm2 n x <= Q2R radius * Q2R radius) by (destruct X as [->|[_ ->]]; nra).
  unfold radius_of in round. cbn zeta in round.
  destruct K as [| |l u|c r|r|f i|r]; try discriminate; cbn [inside is_nonnegative is_sphere] in *.
  - destruct (has_length n c && _)%bool eqn:E; [|discriminate]. apply andb_prop in E as [L Z0]. apply has_length_spec in L.
    destruct (0 <? Qnum r)%Z; [|discriminate]. injection round as ->. rewrite (zero_center c x Z0), L. exact X'.
  - destruct (0 <? Qnum r)%Z; [|discriminate]. injection round as ->. split; [apply N; reflexivity|exact X'].
  - destruct (0 <? Qnum r)%Z; [|discriminate]. injection round as ->. destruct X as [X|[X _]]; [exact X|discriminate].
Qed.

End Domain.

(** * One row *)

Lemma made_as_many : forall n layer rows, Forall2 (made_from n) layer rows -> length layer = length rows.
Proof. induction 1; simpl; congruence. Qed.

Lemma made_dot : forall n r z x, made_from n r z -> at_row z x = dot (normal r) x.
Proof.
  intros n r z x (_ & P & V). assert (V0 := V zero_point). specialize (V x). unfold value, affine in V, V0.
  assert (I0 : idot (weights z) zero_point = 0).
  { rewrite (idot_ext _ zero_point (times 0 zero_point)); [rewrite idot_times; ring|]. intros; unfold times, zero_point; ring. }
  assert (D0 : dot (normal r) zero_point = 0).
  { clear. unfold zero_point. induction (normal r) as [|a w IH]; simpl; [reflexivity|]. rewrite IH. ring. }
  rewrite I0, D0 in V0. unfold at_row. apply Rmult_eq_reg_r with (IZR (denominator z)); [|lra]. field_simplify; lra.
Qed.

Section OneRow.

Variable n : nat.
Variable K : domain.
Variable radius : Q.
Variable layer : list row.
Variable rows : list integer_row.
Variable jn : nat.
Variable own : integer_row.
Hypothesis n_positive : (0 < n)%nat.
Hypothesis round : radius_of n K = Some radius.
Hypothesis rows_made : Forall2 (made_from n) layer rows.
Hypothesis own_is : nth_error rows jn = Some own.

Let functions := with_entries no_entries rows.
Let j := Z.of_nat jn.

Lemma row_at : forall i r, nth_error rows i = Some r ->
  length (weights r) = n /\ 0 < IZR (denominator r) /\ (i < length layer)%nat /\ forall x, along layer i x = at_row r x.
Proof.
  intros i r H. unfold along. clear own_is j functions. pose proof rows_made as RM. clear rows_made. revert i H.
  induction RM as [|f z layer' rows' M _ IH]; intros i H; [destruct i; discriminate|].
  destruct i as [|i]; cbn [nth_error nth length] in *.
  - injection H as ->. split; [apply M|]. split; [apply M|]. split; [lia|]. intro x. symmetry. apply (made_dot n f r x M).
  - destruct (IH i H) as (A & B & C & D). split; [exact A|]. split; [exact B|]. split; [lia|exact D].
Qed.

Lemma row_exists : forall i, (i < length layer)%nat -> exists r, nth_error rows i = Some r.
Proof.
  intros i I. destruct (nth_error rows i) as [r|] eqn:E; [exists r; reflexivity|]. apply nth_error_None in E.
  assert (L := made_as_many n layer rows rows_made). lia.
Qed.

Lemma entry_at : forall k r, entry functions k = Some r -> (0 <= k)%Z /\ nth_error rows (Z.to_nat k) = Some r.
Proof.
  intros k r E. assert (B := entry_number _ _ _ _ E). split; [lia|]. apply (entry_nth _ rows no_entries) in E; [|cbn; lia].
  replace (k - size no_entries)%Z with k in E by (cbn; lia). exact E.
Qed.

(** A row that is above row j at x, named by its number. *)
Definition above_at (x : point) (k : Z) : Prop := exists r, entry functions k = Some r /\ at_row own x < at_row r x.

Lemma above_at_or_not : forall x k, above_at x k \/ ~ above_at x k.
Proof.
  intros x k. destruct (entry functions k) as [r|] eqn:E.
  - destruct (Rle_or_lt (at_row r x) (at_row own x)) as [L|L].
    + right. intros (s & S & A). rewrite E in S. injection S as <-. lra.
    + left. exists r. auto.
  - right. intros (s & S & _). congruence.
Qed.

Lemma few_at : forall x, few_above n layer jn x -> forall chosen, NoDup chosen ->
  (forall i, In i chosen -> above_at x i) -> (length chosen < n)%nat.
Proof.
  intros x F chosen ND A. rewrite <- (map_length Z.to_nat chosen). apply F.
  - clear F. induction ND as [|i chosen NI ND IH]; cbn [map]; constructor.
    + intro I. apply in_map_iff in I as (k & E & KI). apply NI. replace i with k; [exact KI|].
      destruct (A i (or_introl eq_refl)) as (r & R & _). destruct (A k (or_intror KI)) as (s & S & _).
      apply entry_at in R as [R _], S as [S _]. lia.
    + apply IH. intros k KI. apply A. right. exact KI.
  - intros i I. apply in_map_iff in I as (k & <- & KI). destruct (A k KI) as (r & R & L). apply entry_at in R as [_ R].
    destruct (row_at _ _ R) as (_ & _ & B & V). destruct (row_at _ _ own_is) as (_ & _ & _ & W). split; [exact B|].
    rewrite V, W. exact L.
Qed.

(** Below the level the rows of a support are not all at most row j. *)
Definition supported (below : point -> Prop) (C : list Z) : Prop :=
  (forall i, In i C -> (0 <= i)%Z) /\ forall x, inside n K x -> below x -> exists i, In i C /\ above_at x i.

Lemma some_above : forall (ts : list term) x, (forall t, In t ts -> named functions t) ->
  (exists i, In i (map row_number ts) /\ above_at x i) \/ (forall t, In t ts -> at_row (function t) x <= at_row own x).
Proof.
  induction ts as [|t ts IH]; intros x N; [right; intros t []|].
  destruct (Rle_or_lt (at_row (function t) x) (at_row own x)) as [L|L].
  - destruct (IH x) as [(i & I & A)|A]; [intros s S; apply N; right; exact S| |].
    + left. exists i. split; [right; exact I|exact A].
    + right. intros s [<-|S]; auto.
  - left. exists (row_number t). split; [left; reflexivity|]. exists (function t). split; [|exact L].
    apply N. left. reflexivity.
Qed.

Lemma supported_by_terms : forall (below : point -> Prop) ts, (forall t, In t ts -> named functions t) ->
  (forall x, inside n K x -> (forall t, In t ts -> at_row (function t) x <= at_row own x) -> below x -> False) ->
  supported below (map row_number ts).
Proof.
  intros below ts N H. split.
  - intros i I. apply in_map_iff in I as (t & <- & T). apply N in T. apply entry_at in T. apply T.
  - intros x X B. destruct (some_above ts x N) as [E|A]; [exact E|]. destruct (H x X A B).
Qed.

(** ** A level that is not positive *)

Lemma weighted_value : forall d ts g, weighted d ts = Some g -> (0 < d)%Z -> forall x,
  idot g x = IZR d * fold_right (fun t s => IZR (multiplier t) * at_row (function t) x + s) 0 ts.
Proof.
  induction ts as [|t ts IH]; intros g H D x; cbn [weighted] in H.
  - injection H as <-. simpl. ring.
  - set (q := (d ÷ denominator (function t))%Z) in H. destruct (q * denominator (function t) =? d)%Z eqn:Q; [|discriminate].
    destruct (weighted d ts) as [h|]; [|discriminate]. injection H as <-. apply Z.eqb_eq in Q.
    rewrite idot_added, mult_IZR, (IH h eq_refl D x). cbn [fold_right]. unfold at_row.
    assert (N : IZR (denominator (function t)) <> 0) by (apply not_0_IZR; lia).
    apply (f_equal IZR) in Q. rewrite mult_IZR in Q. rewrite <- Q. field. exact N.
Qed.

Lemma sums_below : forall ts x, (forall t, In t ts -> at_row (function t) x <= at_row own x) ->
  (forall t, In t ts -> (0 < multiplier t)%Z) ->
  fold_right (fun t s => IZR (multiplier t) * at_row (function t) x + s) 0 ts <= IZR (sum_of ts) * at_row own x.
Proof.
  induction ts as [|t ts IH]; intros x B P; cbn [fold_right sum_of]; [simpl; lra|]. fold (sum_of ts).
  specialize (IH x (fun s S => B s (or_intror S)) (fun s S => P s (or_intror S))).
  specialize (B t (or_introl eq_refl)). specialize (P t (or_introl eq_refl)). apply (IZR_lt 0) in P.
  rewrite plus_IZR. nra.
Qed.

Lemma is_short_below : forall square s ts e x, is_short n K radius j own square ts e = true -> 0 < IZR e ->
  0 <= s -> s * s = Q2R square ->
  (forall t, In t ts -> (0 < multiplier t)%Z) -> inside n K x ->
  (forall t, In t ts -> at_row (function t) x <= at_row own x) -> - s <= at_row own x.
Proof.
  intros square s ts e x H E SP SS P X B. unfold is_short in H.
  set (all := Term j (e - sum_of ts) own :: ts) in H. set (d := common_multiple all) in H.
  destruct (weighted d all) as [g|] eqn:W; [|discriminate].
  set (h := if is_nonnegative K then negative_part g else g) in H.
  apply andb_prop in H as [H Q]. apply andb_prop in H as [D L]. apply Z.ltb_lt in D. apply has_length_spec in L.
  apply Z.leb_le, IZR_le in Q. rewrite !mult_IZR, !numerator_of in Q.
  destruct (inside_round n K radius round x X) as (NX & NN & _). assert (R0 := radius_of_positive n K radius round).
  assert (V := weighted_value d all g W D x). cbn [fold_right all multiplier function] in V. unfold all in V. cbn [fold_right multiplier function] in V.
  assert (SB := sums_below ts x B P). rewrite minus_IZR in V. apply (IZR_lt 0) in D.
  assert (UP : idot g x <= IZR d * IZR e * at_row own x) by nra.
  assert (LH : length h = n) by (unfold h; destruct (is_nonnegative K); [unfold negative_part; rewrite map_length|]; exact L).
  assert (HG : idot h x <= idot g x).
  { unfold h. destruct (is_nonnegative K); [|lra]. apply negative_part_idot. intros k KL. apply NN; [reflexivity|lia]. }
  assert (CS := cauchy_schwarz_norm n h x ltac:(lia)). assert (HH := product_self h). apply (IZR_le 0) in HH.
  assert (RD := denominator_positive radius). assert (SD := denominator_positive square).
  set (rd := IZR (Zpos (Qden radius))) in *. set (sd := IZR (Zpos (Qden square))) in *.
  assert (Q' : Q2R radius * Q2R radius * IZR (product h h) <= Q2R square * (IZR d * IZR e * (IZR d * IZR e))).
  { apply Rmult_le_reg_r with (rd * rd * sd); [apply Rmult_lt_0_compat; [apply Rmult_lt_0_compat|]; assumption|]. lra. }
  assert (DE : 0 < IZR d * IZR e) by (apply Rmult_lt_0_compat; assumption).
  assert (F : 0 <= IZR d * IZR e * s + idot h x).
  { apply from_squares; [apply Rmult_le_pos; lra|].
    apply Rle_trans with (IZR (product h h) * (Q2R radius * Q2R radius)).
    - eapply Rle_trans; [exact CS|]. apply Rmult_le_compat_l; assumption.
    - replace (IZR d * IZR e * s * (IZR d * IZR e * s)) with (s * s * (IZR d * IZR e * (IZR d * IZR e))) by ring.
      rewrite SS. lra. }
  apply Rmult_le_reg_l with (IZR d * IZR e); [exact DE|]. lra.
Qed.

Lemma named_pairs : forall pairs ts, terms_of functions 0 pairs = Good ts -> forall t, In t ts -> named functions t.
Proof. intros pairs ts H. apply (terms_of_named _ _ _ _ H). Qed.

Lemma check_short_sound : forall square s pairs C, check_short n K radius functions j own square pairs = Good C ->
  0 <= s -> s * s = Q2R square -> supported (fun x => at_row own x < - s) C.
Proof.
  intros square s pairs C H SP SS. unfold check_short in H.
  destruct (over_one_denominator (map snd pairs)) as [[ks e]|] eqn:O; [|discriminate].
  apply over_one_denominator_spec in O as [_ E].
  destruct (terms_of functions 0 (combine (map fst pairs) ks)) as [ts|] eqn:T; [|discriminate].
  destruct (existsb (fun t => row_number t =? j)%Z ts); [discriminate|].
  destruct (forallb (fun t => 0 <? multiplier t)%Z ts) eqn:P; [|discriminate]. cbn [negb] in H.
  destruct (is_short n K radius j own square ts e) eqn:SH; [|discriminate]. injection H as <-.
  rewrite forallb_forall in P. apply supported_by_terms; [apply (named_pairs _ _ T)|].
  intros x X B L. assert (LE := is_short_below square s ts e x SH E SP SS (fun t I => proj1 (Z.ltb_lt _ _) (P t I)) X B). lra.
Qed.

(** ** A positive level *)

(** Where a number rho at least |x| is with r <x, w_j> >= a rho: a convex cone if a >= 0. *)
Definition high (a : R) (x : point) : Prop :=
  exists rho, 0 <= rho /\ norm2 n x <= rho * rho /\ rho * a <= Q2R radius * at_row own x.

Lemma is_moved_coordinates : forall x y t p, is_moved n x y t p -> forall k, (k < n)%nat -> x k = y k + t * IZR (nth k p 0%Z).
Proof.
  intros x y t p M k L. specialize (M (unit_vector n k) (unit_vector_length n k)).
  rewrite !idot_unit_vector in M by exact L. rewrite M. f_equal. f_equal.
  rewrite <- idot_nth, idot_unit_vector by exact L. reflexivity.
Qed.

Lemma vanishes_norm2 : forall x, vanishes n x -> norm2 n x = 0.
Proof.
  intros x V. assert (V' := vanishes_same n x V). clear - V'. unfold norm2. revert x V'.
  induction n as [|k IH]; intros x V; cbn [repeat square_distance]; [reflexivity|].
  rewrite (IH (fun i => x (S i))), (V 0%nat), Q2R_zero by (try intros; try apply V; lia). ring.
Qed.

Lemma generated_high : forall square a rays x, is_number 1 square a -> no_ray_below n radius own (Root 1 square) rays = true ->
  generated n [] rays x -> high a x.
Proof.
  intros square a rays x NA H G. destruct (row_at _ _ own_is) as (LW & D & _ & _).
  assert (R0 := radius_of_positive n K radius round).
  cbn [no_ray_below] in H. rewrite forallb_forall in H.
  induction G as [x V|x y t l [] _ _ _|x y t p I T G IH M].
  - exists 0. rewrite (vanishes_norm2 x V). unfold at_row. rewrite (V _ LW). split; [lra|]. split; [lra|]. unfold Rdiv. rewrite Rmult_0_l. lra.
  - destruct IH as (rho & R & N & A). specialize (H p I). apply andb_prop in H as [L E]. apply has_length_spec in L.
    destruct (integer_root _ (product_self p)) as (sigma & SP & SS).
    apply Z.leb_le in E. apply (excess_not_negative own radius square 1 D R0 a NA p sigma SP SS) in E.
    exists (rho + t * sigma). split; [nra|]. split.
    + assert (Q := norm2_moved p x y t). rewrite L in Q. rewrite (Q (is_moved_coordinates x y t p M)).
      assert (CS := cauchy_schwarz_norm n p y ltac:(lia)).
      assert (F : 0 <= sigma * rho + - idot p y).
      { apply from_squares; [nra|]. replace (- idot p y * - idot p y) with (idot p y * idot p y) by ring.
        eapply Rle_trans; [exact CS|]. rewrite <- SS. replace (sigma * rho * (sigma * rho)) with (sigma * sigma * (rho * rho)) by ring.
        apply Rmult_le_compat_l; [nra|exact N]. }
      rewrite <- SS. nra.
    + assert (EX : at_row own x = at_row own y + t * at_row own (integer_point p)).
      { unfold at_row. rewrite (M _ LW). unfold integer_point at 1. rewrite idot_nth. field. lra. }
      rewrite EX. nra.
Qed.

Lemma combined_length : forall p y q z, length y = n -> length z = n -> length (combined p y q z) = n.
Proof.
  intros p y q z L M. rewrite <- M in L. clear - L M. revert z L M. revert n.
  induction y as [|a y IH]; intros k [|b z] L M; try discriminate; [exact M|]. cbn [combined length] in *.
  destruct k as [|k]; [discriminate|]. rewrite (IH k z); lia.
Qed.

Lemma check_cone_sound : forall a named_rows C, check_cone n radius functions j own a named_rows = Good C ->
  is_sphere K = true ->
  match a with
  | Infinity => supported (fun _ => True) C
  | Root sign square => sign = 1%Z -> 0 <= Q2R square -> forall number, is_number 1 square number ->
      supported (fun x => at_row own x < number) C
  end.
Proof.
  intros a named_rows C H SP. unfold check_cone in H.
  destruct (terms_of functions 0 (map (fun i => (i, 1%Z)) named_rows)) as [ts|] eqn:T; [|discriminate].
  destruct (existsb (fun t => row_number t =? j)%Z ts); [discriminate|].
  destruct (rays_of n (map (difference_of own) ts)) as [rays|] eqn:RY; [|discriminate].
  destruct (no_ray_below n radius own a rays) eqn:NB; [|discriminate]. injection H as <-.
  assert (N := named_pairs _ _ T). destruct (row_at _ _ own_is) as (LW & D & _ & _).
  assert (R0 := radius_of_positive n K radius round).
  assert (NR : forall t, In t ts -> length (weights (function t)) = n /\ 0 < IZR (denominator (function t))).
  { intros t I. apply N, entry_at in I as [_ I]. destruct (row_at _ _ I) as (A & B & _). auto. }
  assert (G : forall x, (forall t, In t ts -> at_row (function t) x <= at_row own x) -> generated n [] rays x).
  { intros x B. apply (rays_of_generate n _ rays RY).
    - intros v V. apply in_map_iff in V as (t & <- & I). apply combined_length; [apply (NR t I)|exact LW].
    - intros v V. apply in_map_iff in V as (t & <- & I). specialize (B t I). destruct (NR t I) as [_ DT].
      unfold difference_of. unfold at_row in B.
      assert (E : forall w p y q z, w = combined p y q z -> idot w x = IZR p * idot y x - IZR q * idot z x).
      { clear. intros w p y q z ->. revert x z. induction y as [|a y IH]; intros x z; cbn [combined].
        - induction z as [|b z IHz] in x |- *; simpl; [ring|]. simpl in IHz. rewrite IHz, opp_IZR, mult_IZR. ring.
        - destruct z as [|b z]; [rewrite idot_scaled; simpl; ring|]. cbn [idot]. rewrite IH, minus_IZR, !mult_IZR. ring. }
      rewrite (E _ _ _ _ _ eq_refl).
      set (A1 := idot (weights (function t)) x) in *. set (A2 := idot (weights own) x) in *.
      set (d1 := IZR (denominator (function t))) in *. set (d2 := IZR (denominator own)) in *.
      replace (d2 * A1 - d1 * A2) with (d1 * d2 * (A1 / d1 - A2 / d2)) by (field; lra).
      assert (0 < d1 * d2) by (apply Rmult_lt_0_compat; assumption). nra. }
  destruct a as [sign square|]; [intros -> S number NA|]; (apply supported_by_terms; [exact N|]); intros x X B L; specialize (G x B);
    destruct (inside_round n K radius round x X) as (_ & _ & NX); specialize (NX SP).
  - destruct (generated_high square number rays x NA NB G) as (rho & RP & NP & A). rewrite NX in NP.
    destruct (positive_number square number NA S) as [Q _].
    assert (RR : Q2R radius <= rho) by (destruct (Rle_or_lt (Q2R radius) rho) as [Y|Y]; [exact Y|nra]).
    assert (Q2R radius * number <= rho * number) by (apply Rmult_le_compat_r; assumption).
    assert (Q2R radius * at_row own x < Q2R radius * number) by (apply Rmult_lt_compat_l; assumption). lra.
  - cbn [no_ray_below] in NB. destruct rays; [|discriminate].
    assert (V : vanishes n x).
    { destruct G as [x V|x y t l []|x y t p []]. exact V. }
    rewrite (vanishes_norm2 x V) in NX. nra.
Qed.

(** ** The point *)

Lemma count_above_seq : forall p x rs,
  Z.of_nat (length (filter (fun i => match nth_error rs i with Some r => is_above own p x r | None => false end) (seq 0 (length rs))))
  = count_above own p x rs.
Proof.
  intros p x. induction rs as [|r rs IH]; [reflexivity|]. cbn [length seq filter nth_error count_above].
  rewrite <- seq_shift. rewrite <- IH.
  assert (E : forall l, length (filter (fun i => match nth_error (r :: rs) i with Some s => is_above own p x s | None => false end) (map S l))
    = length (filter (fun i => match nth_error rs i with Some s => is_above own p x s | None => false end) l)).
  { induction l as [|i l IHl]; [reflexivity|]. cbn [map filter nth_error].
    destruct (match nth_error rs i with Some s => is_above own p x s | None => false end); cbn [length]; rewrite IHl; reflexivity. }
  destruct (is_above own p x r); cbn [length]; rewrite E; lia.
Qed.

Lemma not_zero_norm : forall z, forallb (fun a => a =? 0)%Z z = false -> (0 < product z z)%Z.
Proof.
  induction z as [|a z IH]; intros H; [discriminate|]. cbn [forallb product] in *. assert (P := product_self z).
  destruct (a =? 0)%Z eqn:A; [apply IH in H; nia|]. apply Z.eqb_neq in A. nia.
Qed.

Lemma along_times : forall i c y, along layer i (times c y) = c * along layer i y.
Proof. intros. unfold along. apply dot_times. Qed.

Lemma check_attained_sound : forall sign square z, check_attained n K radius rows own sign square z = Good tt ->
  length z = n -> forall number, is_number sign square number ->
  exists x, inside n K x /\ few_above n layer jn x /\ along layer jn x = number.
Proof.
  intros sign square z H L number NA. unfold check_attained in H.
  destruct (is_nonnegative K && negb (forallb (fun a => 0 <=? a) z))%bool eqn:NN; [discriminate|].
  assert (R0 := radius_of_positive n K radius round). destruct (row_at _ _ own_is) as (LW & D & _ & AL).
  destruct (forallb (fun a => a =? 0)%Z z) eqn:Z0.
  - destruct (is_sphere K || negb (sign =? 0))%bool eqn:E; [discriminate|]. apply orb_false_elim in E as [E1 E2].
    apply negb_false_iff, Z.eqb_eq in E2. subst sign. exists (times 0 zero_point). split; [|split].
    + apply (round_inside n K radius round).
      * right. split; [exact E1|]. unfold norm2. rewrite square_distance_times. ring.
      * intros _ k _. unfold times. lra.
    + intros chosen ND A. destruct chosen as [|i chosen]; [exact n_positive|].
      destruct (A i (or_introl eq_refl)) as [_ B]. rewrite !along_times in B. lra.
    + rewrite along_times. unfold is_number, signed_square, Rabs in NA. destruct (Rcase_abs number); nra.
  - set (count := count_above own (product (weights own) z) z rows) in H. destruct (Z.of_nat n <=? count)%Z eqn:CN; [discriminate|].
    destruct (excess own radius sign square z =? 0)%Z eqn:EX; [|discriminate].
    apply Z.leb_gt in CN. apply Z.eqb_eq in EX. assert (PZ := not_zero_norm z Z0).
    destruct (integer_root _ (product_self z)) as (sigma & SP' & SS). apply (IZR_lt 0) in PZ.
    assert (SP : 0 < sigma) by nra.
    apply (excess_zero own radius square sign D R0 number NA z sigma SP' SS) in EX.
    set (c := Q2R radius / sigma). assert (C0 : 0 < c) by (apply Rdiv_lt_0_compat; assumption).
    exists (times c (integer_point z)). split; [|split].
    + apply (round_inside n K radius round).
      * left. unfold norm2. rewrite square_distance_times. fold (norm2 n (integer_point z)). rewrite <- L, norm2_integer.
        rewrite <- SS. unfold c. field. lra.
      * intros N k KL. rewrite N in NN. cbn [andb] in NN. apply negb_false_iff in NN. rewrite forallb_forall in NN.
        unfold times, integer_point. apply Rmult_le_pos; [lra|]. apply (IZR_le 0), Z.leb_le, NN, nth_In. lia.
    + intros chosen ND A. apply Nat2Z.inj_lt. apply Z.le_lt_trans with count; [|exact CN].
      unfold count. rewrite <- count_above_seq. apply inj_le, NoDup_incl_length; [exact ND|].
      intros i I. destruct (A i I) as [B LT]. destruct (row_exists i B) as (r & R). destruct (row_at _ _ R) as (_ & DR & _ & AR).
      apply filter_In. split.
      * apply in_seq. assert (NE : nth_error rows i <> None) by congruence. apply nth_error_Some in NE. lia.
      * rewrite R. unfold is_above. apply Z.ltb_lt, lt_IZR. rewrite !mult_IZR. rewrite !along_times, AL, AR in LT.
        apply Rmult_lt_reg_l in LT; [|exact C0]. unfold at_row, integer_point in LT. rewrite !idot_nth in LT.
        apply Rmult_lt_reg_r with (/ (IZR (denominator own) * IZR (denominator r))).
        -- apply Rinv_0_lt_compat, Rmult_lt_0_compat; assumption.
        -- apply Rle_lt_trans with (IZR (product (weights own) z) / IZR (denominator own)); [right; field; lra|].
           eapply Rlt_le_trans; [exact LT|]. right. field. lra.
    + rewrite along_times, AL. apply Rmult_eq_reg_l with sigma; [|lra]. rewrite EX. unfold c. field. lra.
Qed.

(** ** All of it *)

Definition stands_for (a : level) (number : R) : Prop :=
  match a with Infinity => True | Root sign square => is_number sign square number end.

Definition lower_than (a : level) (number : R) (x : point) : Prop :=
  match a with Infinity => True | Root _ _ => at_row own x < number end.

Lemma is_level_spec : forall a, is_level K a = true ->
  match a with
  | Infinity => is_sphere K = true
  | Root sign square => 0 <= Q2R square /\ is_sign sign /\ (sign = 0%Z -> Q2R square = 0) /\ (sign = 1%Z -> is_sphere K = true)
  end.
Proof.
  intros [sign square|] H; [|exact H]. cbn [is_level] in H. apply andb_prop in H as [H C]. apply andb_prop in H as [A B].
  split; [apply not_negative_rational, A|]. apply eqb_prop in B. split; [|split].
  - apply orb_prop in C as [C|C]; [apply orb_prop in C as [C|C]; apply Z.eqb_eq in C|apply andb_prop in C as [C _]; apply Z.eqb_eq in C];
      unfold is_sign; auto.
  - intros ->. apply Z.eqb_eq in B. unfold Q2R. rewrite B. ring.
  - intros ->. apply orb_prop in C as [C|C]; [discriminate C|apply andb_prop in C; tauto].
Qed.

Lemma row_support_sound : forall a number refuter C, is_level K a = true -> stands_for a number ->
  row_support n K radius functions j own a refuter = Good C -> supported (lower_than a number) C.
Proof.
  intros a number refuter C HL NA H. apply is_level_spec in HL.
  destruct refuter as [pairs|named_rows], a as [sign square|]; cbn [row_support stands_for] in *; try discriminate.
  - destruct HL as (S & SG & Z0 & _). destruct (sign <=? 0)%Z eqn:E; [|discriminate]. apply Z.leb_le in E.
    destruct (negative_number sign square number NA E SG S Z0) as [N Q].
    destruct (check_short_sound square (- number) pairs C H N Q) as [A B]. split; [exact A|]. intros x X L. apply (B x X).
    cbn [lower_than] in L. lra.
  - destruct HL as (S & _ & _ & SP). destruct (sign =? 1)%Z eqn:E; [|discriminate]. apply Z.eqb_eq in E.
    assert (CS := check_cone_sound _ _ _ H (SP E)). cbn beta iota in CS. subst sign. apply (CS eq_refl S number NA).
  - apply (check_cone_sound _ _ _ H HL).
Qed.

Lemma read_supports_sound : forall a number refuters supports result, is_level K a = true -> stands_for a number ->
  read_supports n K radius functions j own a refuters supports = Good result ->
  all_cells (supported (lower_than a number)) supports -> all_cells (supported (lower_than a number)) result.
Proof.
  intros a number. induction refuters as [|refuter rest IH]; intros supports result HL NA H A; cbn [read_supports] in H.
  - injection H as <-. exact A.
  - destruct (row_support n K radius functions j own a refuter) as [C|] eqn:E; [|discriminate].
    apply (IH _ _ HL NA H). apply all_cells_with; [exact A|]. apply (row_support_sound a number refuter C HL NA E).
Qed.

Lemma nothing_lower : forall a number refuters supports depth tokens rest x, is_level K a = true -> stands_for a number ->
  read_supports n K radius functions j own a refuters no_entries = Good supports ->
  read_depth_node supports depth 0 0 tokens = Good rest -> n = S depth ->
  inside n K x -> few_above n layer jn x -> ~ lower_than a number x.
Proof.
  intros a number refuters supports depth tokens rest x HL NA HS HT N X F L.
  assert (A := read_supports_sound a number refuters no_entries supports HL NA HS (all_cells_none _ _)).
  refine (read_depth_node_sound n (above_at x) (above_at_or_not x) (few_at x F) supports _ depth 0%Z 0%Z tokens rest HT [] _ _ _).
  - intros token C E. apply entry_cells, A in E as [E1 E2]. split; [apply (E2 x X L)|exact E1].
  - split; [constructor|intros i []].
  - cbn [length]. lia.
  - intros i _. apply member_none.
Qed.

Theorem check_depth_row_sound : forall depth p, n = S depth ->
  check_depth_row depth K radius rows functions j own p = Good tt -> is_alpha_star n K layer jn (stated p).
Proof.
  intros depth p N H. unfold check_depth_row in H. rewrite <- N in H.
  destruct ((about p =? j)%Z && is_level K (stated p))%bool eqn:E; [|discriminate]. apply andb_prop in E as [_ HL]. cbn [negb] in H.
  destruct (check_point n K radius rows own (stated p) (attained p)) as [[]|] eqn:P; [|discriminate].
  destruct (read_supports n K radius functions j own (stated p) (row_refuters p) no_entries) as [supports|] eqn:RS; [|discriminate].
  destruct (read_depth_node supports depth 0 0 (row_tokens p)) as [rest|] eqn:RT; [|discriminate].
  assert (NL := fun number NA x => nothing_lower (stated p) number _ supports depth _ rest x HL NA RS RT N).
  destruct (row_at _ _ own_is) as (_ & _ & _ & AL).
  destruct (stated p) as [sign square|]; cbn [is_alpha_star].
  - apply is_level_spec in HL as (S & SG & _). destruct (has_number sign square SG S) as (a & NA).
    exists a. split; [exact NA|]. split.
    + cbn [check_point] in P. destruct (attained p) as [z|]; [|discriminate].
      destruct (over_one_denominator z) as [[zs d]|]; [|discriminate].
      destruct (has_length n zs) eqn:LZ; [|discriminate]. apply has_length_spec in LZ.
      apply (check_attained_sound sign square zs P LZ a NA).
    + intros x X F. specialize (NL a NA x X F). cbn [lower_than] in NL. rewrite AL. lra.
  - intros x X F. apply (NL 0 I x X F). exact I.
Qed.

End OneRow.

(** What the checker accepts are the values of alpha*. *)
Theorem check_depth_tree_sound : forall n K layer proofs, check_depth_tree n K layer proofs = Good tt ->
  alpha_star n K layer (levels_of proofs).
Proof.
  intros n K layer proofs H. unfold check_depth_tree in H. destruct n as [|depth]; [destruct (radius_of 0 K); discriminate|].
  destruct (radius_of (S depth) K) as [radius|] eqn:R; [|discriminate].
  destruct (integer_rows (S depth) 0 layer) as [rows|] eqn:I; [|discriminate]. apply integer_rows_spec in I.
  enough (G : forall todo proofs before, rows = before ++ todo ->
    check_depth_rows depth K radius rows (with_entries no_entries rows) (Z.of_nat (length before)) todo proofs = Good tt ->
    length (levels_of proofs) = length todo /\
    forall k, (k < length todo)%nat -> is_alpha_star (S depth) K layer (length before + k) (nth k (levels_of proofs) Infinity)).
  { destruct (G rows proofs [] eq_refl H) as [A B]. assert (L := made_as_many _ _ _ I).
    split; [congruence|]. intros k KL. apply (B k). lia. }
  clear H proofs. induction todo as [|own todo IH]; intros proofs before E H; destruct proofs as [|p rest];
    cbn [check_depth_rows] in H; try discriminate.
  - split; [reflexivity|]. intros k KL. simpl in KL. lia.
  - destruct (check_depth_row depth K radius rows (with_entries no_entries rows) (Z.of_nat (length before)) own p) as [[]|] eqn:C; [|discriminate].
    assert (OWN : nth_error rows (length before) = Some own).
    { rewrite E, nth_error_app2, Nat.sub_diag by lia. reflexivity. }
    destruct (IH rest (before ++ [own])) as [A B].
    + rewrite <- app_assoc. exact E.
    + rewrite app_length. cbn [length]. rewrite Nat2Z.inj_add. exact H.
    + cbn [levels_of length]. split; [congruence|]. intros [|k] KL.
      * rewrite Nat.add_0_r. cbn [nth].
        apply (check_depth_row_sound (S depth) K radius layer rows (length before) own ltac:(lia) R I OWN depth p eq_refl C).
      * cbn [nth]. specialize (B k ltac:(lia)). rewrite app_length in B. cbn [length] in B.
        replace (length before + S k)%nat with (length before + 1 + k)%nat by lia. exact B.
Qed.
